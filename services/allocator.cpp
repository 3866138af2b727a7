// What the programs allocate by: tcmalloc, whose threads keep no more than they need. Its own bound
// is 32 MiB of freed memory in a process. Too little costs a service, where a request passes some
// of many threads, a tenth of its CPU.
#include <gperftools/malloc_extension.h>

namespace {

[[maybe_unused]] const bool bounded = MallocExtension::instance()->SetNumericProperty(
    "tcmalloc.max_total_thread_cache_bytes", GATEHOUSE_KEEPS_MIB << 20);

}  // namespace
