#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/base/clock.h"
#include "services/common/base/secret.h"
#include "services/identity/domain/access_store.h"
#include "services/identity/domain/keys.h"

namespace gatehouse::identity {

// What a credential is worth.
class Principals {
 public:
  Principals(KeyStore& keys, AccessStore& access, std::vector<Secret> operator_keys,
             const Clock& clock)
      : keys_(keys), access_(access), operator_keys_(std::move(operator_keys)), clock_(clock) {}

  struct Found {
    Credential credential;
    absl::Time present_until;  // Until when a principal of it may be presented.
  };
  // Refuses CREDENTIAL_INVALID, whatever is wrong with it. For a session this is a use.
  absl::StatusOr<Found> Find(const std::string& credential);

 private:
  absl::StatusOr<std::optional<Credential>> Look(const std::string& credential);

  KeyStore& keys_;
  AccessStore& access_;
  const std::vector<Secret> operator_keys_;
  const Clock& clock_;
};

// A principal is presented for so long at most, and its token valid for a while longer, so that one
// that was presented in its last moment still arrives, through a busy process, at one whose clock
// is ahead (its `exp` is cut to whole seconds).
constexpr absl::Duration kPresented = absl::Seconds(45), kOnItsWay = absl::Seconds(15);

}  // namespace gatehouse::identity
