#include "services/identity/domain/delegation.h"

#include <algorithm>

#include "absl/algorithm/container.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::identity {
namespace {

absl::Status CheckScopes(const Caller& caller, const std::vector<std::string>& wanted) {
  for (const std::string& scope : wanted) {
    if (absl::c_linear_search(caller.scopes, "*") || absl::c_linear_search(caller.scopes, scope)) {
      continue;
    }
    return WithFact(
        Refuse(v1::SCOPE_NOT_HELD, "a credential can give away only scopes that it holds itself"),
        "scope", scope);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Delegation> Delegate(const Caller& caller, const std::vector<std::string>& scopes,
                                    absl::Time expire_time) {
  RETURN_IF_ERROR(CheckScopes(caller, scopes));
  if (caller.ancestors.size() >= kAncestorsMax) {
    return Refuse(v1::DELEGATION_TOO_DEEP,
                  "too many credentials stand between this one and the first API key");
  }
  Delegation delegation;
  delegation.ancestors = caller.ancestors;
  delegation.ancestors.push_back(caller.credential_id);
  delegation.expire_time = std::min(expire_time, caller.expires_at);
  // An API key that no person minted acts as itself.
  if (caller.actor_id != caller.credential_id) {
    delegation.actor_id = caller.actor_id;
    delegation.actor_name = caller.actor_name;
  }
  return delegation;
}

absl::Status CheckActor(const Delegation& delegation, const std::string& actor_id) {
  if (delegation.actor_id.empty() || delegation.actor_id == actor_id) return absl::OkStatus();
  return Refuse(v1::ACTOR_NOT_HELD,
                "a person's credential can make credentials of that person only");
}

absl::Status CheckRotation(const Caller& caller, const std::string& api_key_id,
                           const std::vector<std::string>& ancestors) {
  if (caller.credential_id == api_key_id ||
      absl::c_linear_search(ancestors, caller.credential_id)) {
    return absl::OkStatus();
  }
  return Refuse(v1::KEY_NOT_MINTED, "a key is rotated by itself or by the one that minted it");
}

}  // namespace gatehouse::identity
