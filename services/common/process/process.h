#pragma once

#include <string>

#include "absl/time/time.h"

namespace gatehouse {

// The first line of every main(): the log, the signals, the limit of open files. `--version` is
// answered here, and ends the process.
void StartProcess(const std::string& name, int argc, char** argv);

// Blocks until SIGTERM or SIGINT.
void WaitForSignal();
// The same for so long at most; whether it came.
bool WaitForSignal(absl::Duration patience);

}  // namespace gatehouse
