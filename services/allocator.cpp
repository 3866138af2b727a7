// What the programs allocate by: tcmalloc, whose threads keep no more than they need. Its own bound
// is 32 MiB of freed memory in a process. Too little costs a service, where a request passes some
// of many threads, a tenth of its CPU.
#include <gperftools/malloc_extension.h>
#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <thread>

namespace {

[[maybe_unused]] const bool bounded = MallocExtension::instance()->SetNumericProperty(
    "tcmalloc.max_total_thread_cache_bytes", GATEHOUSE_KEEPS_MIB << 20);

// What its pages' heap keeps for itself has no bound at all: after a burst of large answers that is
// what they took, until as much is freed again a thousand times. So it is looked at, and what is
// too much goes back to the system.
constexpr size_t kFreeMax = size_t{16} << 20;
constexpr std::chrono::seconds kEvery(5);

[[noreturn]] void GiveBack() {
  while (true) {
    std::this_thread::sleep_for(kEvery);
    size_t free = 0;
    MallocExtension::instance()->GetNumericProperty("tcmalloc.pageheap_free_bytes", &free);
    if (free > kFreeMax) MallocExtension::instance()->ReleaseToSystem(free - kFreeMax);
  }
}

// It takes no signal, which are for whoever waits for them.
[[maybe_unused]] const bool gives_back = [] {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread(GiveBack).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return true;
}();

}  // namespace
