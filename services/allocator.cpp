// What the programs allocate by: tcmalloc, whose threads keep no more than they need. Its own bound
// is 32 MiB of freed memory in a process; this one costs uploads and small requests nothing that
// could be measured.
#include <gperftools/malloc_extension.h>

namespace {

[[maybe_unused]] const bool bounded = MallocExtension::instance()->SetNumericProperty(
    "tcmalloc.max_total_thread_cache_bytes", 1 << 20);

}  // namespace
