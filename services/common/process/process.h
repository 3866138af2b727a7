#pragma once

#include <string>

namespace gatehouse {

// The first line of every main(): the log, the signals, the limit of open files. `--version` is
// answered here, and ends the process.
void StartProcess(const std::string& name, int argc, char** argv);

// Blocks until SIGTERM or SIGINT.
void WaitForSignal();

}  // namespace gatehouse
