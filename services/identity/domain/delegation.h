#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"

namespace gatehouse::identity {

// How deep credentials may mint credentials, so that a principal stays small.
constexpr size_t kAncestorsMax = 8;

// What a credential passes on to one that it mints.
struct Delegation {
  std::vector<std::string> ancestors;  // Outermost first; the minting one is the last.
  absl::Time expire_time;
  // The person as whom the child acts; empty: nobody whom the parent acts as.
  std::string actor_id, actor_name;
};

// What `caller` may give to a child that asks for `scopes` until `expire_time`: a child never
// outlives its parent (its end is cut to it) nor outscopes it, and a person's credential makes
// only that person's. Refuses SCOPE_NOT_HELD, with the scope, and DELEGATION_TOO_DEEP.
absl::StatusOr<Delegation> Delegate(const Caller& caller, const std::vector<std::string>& scopes,
                                    absl::Time expire_time);

// Refuses ACTOR_NOT_HELD where the child would act as another person than its parent does.
absl::Status CheckActor(const Delegation& delegation, const std::string& actor_id);

// Whether `caller` may exchange the secret of a key: only of itself and of what it minted, since
// whoever is given a secret may do all that the key may. Refuses KEY_NOT_MINTED.
absl::Status CheckRotation(const Caller& caller, const std::string& api_key_id,
                           const std::vector<std::string>& ancestors);

}  // namespace gatehouse::identity
