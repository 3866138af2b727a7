#include "services/identity/domain/keys.h"

#include "services/common/base/status.h"
#include "services/identity/domain/delegation.h"

namespace gatehouse::identity {

absl::StatusOr<Keys::MintedToken> Keys::MintStaffToken(const Actor& actor,
                                                       const std::vector<std::string>& scopes,
                                                       absl::Duration life, const Call& call) {
  ASSIGN_OR_RETURN(const Delegation delegation, Delegate(call.caller, scopes, clock_.Now() + life));
  RETURN_IF_ERROR(CheckActor(delegation, actor.id));
  const NewKey made = MakeKey(KeyKind::kStaffToken, NewKeyId(KeyKind::kStaffToken), key_);
  const StaffToken token = {.staff_token_id = made.id,
                            .ancestors = delegation.ancestors,
                            .actor = delegation.actor_id.empty()
                                         ? actor
                                         : Actor{delegation.actor_id, delegation.actor_name},
                            .scopes = scopes,
                            .expire_time = delegation.expire_time};
  RETURN_IF_ERROR(store_.AddStaffToken(token, made.hash, call));
  return MintedToken{token, made.text};
}

absl::StatusOr<Keys::MintedKey> Keys::MintApiKey(const std::string& display_name,
                                                 const std::vector<std::string>& scopes,
                                                 absl::Duration life, const Call& call) {
  ASSIGN_OR_RETURN(const Delegation delegation, Delegate(call.caller, scopes, clock_.Now() + life));
  const NewKey made = MakeKey(KeyKind::kApiKey, NewKeyId(KeyKind::kApiKey), key_);
  const ApiKey key = {.api_key_id = made.id,
                      .display_name = display_name,
                      .scopes = scopes,
                      .ancestors = delegation.ancestors,
                      .actor = {delegation.actor_id, delegation.actor_name},
                      .create_time = clock_.Now(),
                      .expire_time = delegation.expire_time};
  RETURN_IF_ERROR(store_.AddApiKey(key, made.hash, call));
  return MintedKey{key, made.text};
}

absl::StatusOr<Keys::MintedKey> Keys::Rotate(const std::string& api_key_id, absl::Duration overlap,
                                             const Call& call) {
  const auto secret_of = [&](int64_t generation) {
    return MakeKey(KeyKind::kApiKey, api_key_id, key_, generation);
  };
  const auto decide = [&](const ApiKey& key) -> absl::StatusOr<KeyStore::Rotation> {
    RETURN_IF_ERROR(CheckRotation(call.caller, key.api_key_id, key.ancestors));
    return KeyStore::Rotation{secret_of(key.generation + 1).hash, clock_.Now() + overlap};
  };
  ASSIGN_OR_RETURN(const ApiKey rotated, store_.RotateApiKey(api_key_id, decide, call));
  return MintedKey{rotated, secret_of(rotated.generation).text};
}

NewKey Keys::First() const { return MakeKey(KeyKind::kApiKey, NewKeyId(KeyKind::kApiKey), key_); }

}  // namespace gatehouse::identity
