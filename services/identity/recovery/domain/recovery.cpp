#include "services/identity/recovery/domain/recovery.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"
#include "services/identity/domain/credentials.h"
#include "services/identity/recovery/domain/recovery_code.h"

namespace gatehouse::identity {
namespace {

constexpr size_t kIdSize = 32;

absl::Status Wrong() { return Refuse(v1::RECOVERY_CODE_WRONG, "the recovery code is not right"); }

}  // namespace

std::string Recovery::HashOf(const std::string& organisation_id, const std::string& account_id,
                             const std::string& code) const {
  return Hex(HmacSha256(key_.Reveal(), absl::StrCat("code:", organisation_id, ":", account_id, ":",
                                                    ReadRecoveryCode(code))));
}

// From the challenge and the code, so that a second submit is the same session.
std::string Recovery::Derived(const std::string& what, const std::string& challenge_id,
                              const std::string& hash) const {
  return HmacSha256(key_.Reveal(), absl::StrCat(what, ":", challenge_id, ":", hash));
}

absl::StatusOr<std::vector<std::string>> Recovery::Create(const Call& call) {
  std::vector<std::string> codes, hashes;
  for (int i = 0; i < kRecoveryCodes; ++i) {
    codes.push_back(NewRecoveryCode());
    hashes.push_back(HashOf(call.caller.organisation_id, call.caller.actor_id, codes.back()));
  }
  RETURN_IF_ERROR(store_.Replace(hashes, call));
  return codes;
}

absl::StatusOr<Challenges::Entered> Recovery::Enter(const std::string& challenge_id,
                                                    const std::string& typed,
                                                    const Secret& session_token, const Call& call) {
  ASSIGN_OR_RETURN(const Subject subject, challenges_.Find(challenge_id));
  // A code by e-mail is all that is asked for: nothing came before it.
  if (subject.method != SignInMethod::kSmsCode) return Wrong();
  const FactorKey phone = challenges_.KeyOf(subject);
  const FactorKey factor = {phone.organisation_id, phone.account_id, "rec_" + phone.account_id};
  ASSIGN_OR_RETURN(const FactorState state,
                   access_.FindFactor(factor, subject.access.invitation_id));
  RETURN_IF_ERROR(LockedUntil(state, clock_.Now()));
  const std::string hash = HashOf(factor.organisation_id, factor.account_id, typed);
  ASSIGN_OR_RETURN(const bool right,
                   store_.Use(subject, factor.account_id, hash, challenge_id, call));
  if (!right) {
    RETURN_IF_ERROR(access_.CountFailure(factor));
    return Wrong();
  }
  const Secret token = SessionToken(Derived("token", challenge_id, hash));
  ASSIGN_OR_RETURN(
      Session session,
      access_.Enter(
          {.session_id = "ses_" + Hex(Derived("session", challenge_id, hash)).substr(0, kIdSize),
           .token_hash = Sha256(token.Reveal()),
           .earlier_token_hash = session_token.empty() ? "" : Sha256(session_token.Reveal()),
           .factor = factor,
           .subject = subject,
           .phone_id = phone.factor_id},
          call));
  return Challenges::Entered{std::move(session), token, subject};
}

absl::StatusOr<std::vector<std::string>> Recovery::ResetFactors(const Subject& subject,
                                                                const Actor& actor,
                                                                const Call& call) {
  return store_.ResetFactors(subject, challenges_.KeyOf(subject).account_id, actor, call);
}

}  // namespace gatehouse::identity
