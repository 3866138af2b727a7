#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/documents/scanning/domain/scanner.h"

namespace gatehouse::documents {

// Where clamd listens.
struct ClamdAddress {
  std::string host, port;  // Of TCP;
  std::string path;        // or of a socket in the file system.

  // From `tcp://host:port` or `unix:///path`. InvalidArgument for anything else.
  static absl::StatusOr<ClamdAddress> Parse(const std::string& url);
};

// ClamAV's daemon, by INSTREAM: a connection for each file, so that one which hangs delays no
// other. Thread-safe.
class Clamd : public Scanner {
 public:
  explicit Clamd(ClamdAddress address, absl::Duration patience = absl::Seconds(120))
      : address_(std::move(address)), patience_(patience) {}
  absl::StatusOr<Verdict> Scan(BlobReader& blob, int64_t size) override;
  absl::StatusOr<int64_t> Database() override;

 private:
  const ClamdAddress address_;
  const absl::Duration patience_;  // With each step of the exchange.
};

}  // namespace gatehouse::documents
