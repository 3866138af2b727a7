#pragma once

#include <string>

namespace gatehouse {

// What this process uses, under the names that Prometheus' own client libraries give it:
// process_resident_memory_bytes, process_open_fds, process_max_fds, process_start_time_seconds and
// process_cpu_seconds_total. Read from /proc when somebody asks for the metrics; what the kernel
// does not say keeps its last value. Called once.
void ExportProcessMetrics();

// gatehouse_certificate_expiry_time_seconds{file}: when the first certificate of each of tls.crt
// and ca.crt in this folder ends, in seconds since 1970, looked up whenever somebody asks. A file
// that cannot be read or is no certificate is 0, which is long ago. The last folder that was given
// counts.
void ExportCertificateMetrics(const std::string& directory);

}  // namespace gatehouse
