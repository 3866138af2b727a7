#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gatehouse::documents {

// An authority that says when something was there (RFC 3161), by HTTP: it learns a hash and nothing
// else, and what it answers is signed, so that nothing would be gained by TLS.
class TimeStampAuthority {
 public:
  // `url`: http://host[:port]/path. `certificates`, PEM: who has certified what it signs with.
  // InvalidArgument with what is wrong with them.
  static absl::StatusOr<std::unique_ptr<TimeStampAuthority>> Of(const std::string& url,
                                                                const std::string& certificates);
  ~TimeStampAuthority();

  // Its token over these bytes, in DER, verified. Unavailable where it does not answer in 20
  // seconds, or not with that: it may do so later.
  absl::StatusOr<std::string> Stamp(absl::string_view bytes) const;

 private:
  struct State;
  explicit TimeStampAuthority(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
};

}  // namespace gatehouse::documents
