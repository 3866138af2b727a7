#include "services/identity/domain/principals.h"

#include <algorithm>

#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"

namespace gatehouse::identity {
namespace {

// Nobody is told when an operator's key leaves the settings: it is asked about anew so often.
constexpr absl::Duration kOperatorKnown = absl::Seconds(1);

}  // namespace

absl::StatusOr<std::optional<Credential>> Principals::Look(const std::string& credential) {
  // What is known whole comes before what is known by its look: an operator's key may look like
  // anything.
  for (const Secret& key : operator_keys_) {
    if (!EqualInConstantTime(Sha256(credential), Sha256(key.Reveal()))) continue;
    Credential found;
    found.caller.kind = CallerKind::kOperator;
    found.caller.actor_id = found.caller.credential_id = "operator";
    found.caller.actor_name = "Operator";
    found.note_use_after = kOperatorKnown;
    return found;
  }
  if (const auto key = ParseKey(credential)) return keys_.FindKey(*key);
  if (IsSessionToken(credential)) return access_.UseSession(Sha256(credential));
  return std::nullopt;
}

absl::StatusOr<Principals::Found> Principals::Find(const std::string& credential) {
  ASSIGN_OR_RETURN(const auto found, Look(credential));
  if (!found.has_value()) {
    return Refuse(common::v1::CREDENTIAL_INVALID, "the credential is not valid, or not any more");
  }
  const absl::Duration life = std::min(kPresented, found->note_use_after);
  return Found{*found, std::min(clock_.Now() + life, found->expires_at)};
}

}  // namespace gatehouse::identity
