#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/rpc/tls.h"

namespace gatehouse {

// What lies in a Tls folder, as PEM.
struct Certificates {
  std::string key, chain, authorities;

  bool operator==(const Certificates&) const = default;
};

// Reads the three files. FAILED_PRECONDITION, in a sentence without any of their content, where
// they cannot be used at `now`: a file is missing or no PEM, the key is another certificate's, the
// certificate is not valid yet or not any more.
absl::StatusOr<Certificates> ReadCertificates(const std::string& directory, absl::Time now);

// Copies of a folder's files, which gRPC watches in place of the originals: they change together,
// and only to what can be used. While what lies in the folder cannot, the last good ones stay; the
// gauge gatehouse_certificate_unusable and a line of the log (tls.unusable) say so.
class CertificateFiles {
 public:
  // One for a folder and a process; it lives as long as the process.
  static const CertificateFiles& Of(const Tls& tls);

  explicit CertificateFiles(Tls tls);
  ~CertificateFiles();

  // Key and chain are one file, so that nobody reads the key of one and the chain of another.
  std::string pair_path() const { return PathOf(pair_); }
  std::string authorities_path() const { return PathOf(authorities_); }

 private:
  static std::string PathOf(int file);
  void Run();
  void Look();

  const Tls tls_;
  const int pair_, authorities_;  // In memory: no disk needs to be writable.
  Certificates used_;
  absl::Status last_ = absl::UnknownError("not looked");
  int64_t version_ = 0;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace gatehouse
