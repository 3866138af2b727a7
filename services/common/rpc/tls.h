#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"

namespace gatehouse {

class Environment;

// The files of GATEHOUSE_TLS_DIR: ca.crt, tls.crt, tls.key (the names that cert-manager uses).
// Looked at every `refresh`, and used anew when they changed, if they can be (see
// certificate_files.h). The first name in a process's
// certificate says which service it is.
struct Tls {
  std::string directory;
  absl::Duration refresh = absl::Seconds(30);
};

// GATEHOUSE_TLS_DIR; null where GATEHOUSE_PLAINTEXT says `loopback-only-trusts-everybody` in its
// place: whoever connects passes for every service then. Neither, or both, is a mistake.
std::unique_ptr<Tls> ReadTls(Environment& environment);

// Whether host:port can be reached from this machine only.
bool IsLoopback(const std::string& listen);

}  // namespace gatehouse
