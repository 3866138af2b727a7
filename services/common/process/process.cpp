#include "services/common/process/process.h"

#include <sodium.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "absl/synchronization/mutex.h"
#include "services/common/base/version.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"
#include "services/common/observe/process_metrics.h"

namespace gatehouse {
namespace {

sigset_t EndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void StartProcess(const std::string& name, int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "--version") {
    std::cout << "gatehouse-" << name << " " << kVersion << " (" << kCommit << ")\n";
    std::exit(0);
  }
  SetGauge("gatehouse_build_info", {{"version", kVersion}, {"commit", kCommit}}, 1);
  ExportProcessMetrics();
  // A generator in this process, keyed by the operating system's: an id costs no system call.
  randombytes_set_implementation(&randombytes_internal_implementation);
  if (sodium_init() < 0) std::abort();
  StartLog(name);
  // Blocked before the first thread, so that every thread inherits it and sigwait() gets them.
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  // Debian's Abseil follows every lock that gRPC takes, looking for cycles; that costs a tenth.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
}

void WaitForSignal() {
  const sigset_t signals = EndSignals();
  int signal = 0;
  sigwait(&signals, &signal);
}

bool WaitForSignal(absl::Duration patience) {
  const sigset_t signals = EndSignals();
  const timespec time = absl::ToTimespec(patience);
  return sigtimedwait(&signals, nullptr, &time) > 0;
}

}  // namespace gatehouse
