#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/common/base/secret.h"
#include "services/documents/signing/time_stamp_authority.h"

namespace gatehouse::documents {

// What seals: a private key, its certificate, and what leads from that to an authority.
class SealKey {
 public:
  // Both in PEM; the certificate first, its chain behind it. InvalidArgument where they are none,
  // or do not belong together.
  static absl::StatusOr<std::unique_ptr<SealKey>> Read(const Secret& key,
                                                       const std::string& certificates);
  ~SealKey();

  // From now on every signature bears this authority's time stamp, and is none without it.
  void StampBy(std::unique_ptr<TimeStampAuthority> authority);

  // A CMS signature of what the two parts are together, detached, in DER, as PAdES wants it: with
  // the certificate signed along, and without a time (ETSI EN 319 142-1). Unavailable where there
  // is an authority, and it is away.
  absl::StatusOr<std::string> Sign(absl::string_view first, absl::string_view second) const;

 private:
  struct State;
  explicit SealKey(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
  std::unique_ptr<TimeStampAuthority> authority_;
};

}  // namespace gatehouse::documents
