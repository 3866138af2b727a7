#pragma once

#include <sys/resource.h>

namespace gatehouse::previewer {

// What a file that means harm could make of this process is kept small: each function takes rights
// away for good, from what it executes as well, and throws where that cannot be done.

// So much CPU, memory and output, no dump, no descriptors but a few.
void Limit(rlim_t cpu_seconds, rlim_t memory_bytes, rlim_t output_bytes);
// No socket of any kind, no other process's memory.
void LeaveNetwork();
// No file, and no program; what is open already stays so.
void LeaveFiles();
// Of the files only those that programs, libraries and fonts are; nothing is written. Does nothing
// on a system without Landlock.
void ReadSystemFilesOnly();

}  // namespace gatehouse::previewer
