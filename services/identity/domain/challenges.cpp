#include "services/identity/domain/challenges.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/text/sandbox.h"
#include "services/identity/domain/credentials.h"

namespace gatehouse::identity {

absl::Status LockedUntil(const FactorState& factor, absl::Time now) {
  if (factor.disabled) {
    return Refuse(v1::SIGN_IN_DISABLED,
                  "too many wrong codes: whoever invited you can let you try again");
  }
  if (factor.locked_until > now) {
    return RefuseUntil(v1::SIGN_IN_LOCKED, "too many wrong codes: try again later",
                       factor.locked_until - now);
  }
  return absl::OkStatus();
}

absl::StatusOr<Factor*> Challenges::FactorOf(SignInMethod method) const {
  for (Factor* const factor : factors_) {
    if (factor->method() == method) return factor;
  }
  return RefuseField("method", "is not a way in here");
}

absl::StatusOr<Factor*> Challenges::FactorOf(const std::string& challenge_id) const {
  for (Factor* const factor : factors_) {
    if (absl::StartsWith(challenge_id, factor->prefix() + "_")) return factor;
  }
  return Refuse(v1::CHALLENGE_EXPIRED,
                "there is no such challenge, or not any more: start the sign-in again");
}

std::string Challenges::NonceMacOf(const std::string& challenge_id,
                                   const std::string& nonce) const {
  if (nonce.empty()) return "";
  return Hex(HmacSha256(key_.Reveal(), absl::StrCat("nonce:", challenge_id, ":", nonce)));
}

FactorKey Challenges::KeyOf(const std::string& organisation_id, const std::string& contact_id,
                            const std::string& mobile) const {
  const auto id = [&](const char* prefix, const std::string& value) {
    return prefix +
           Hex(HmacSha256(key_.Reveal(), absl::StrCat(prefix, organisation_id, ":", value)))
               .substr(0, 32);
  };
  return {organisation_id, id("acc_", absl::StrCat(contact_id, ":", mobile)), id("sms_", mobile)};
}

FactorKey Challenges::KeyOf(const Subject& subject) const {
  FactorKey key = KeyOf(subject.organisation_id, subject.access.contact_id, subject.mobile);
  if (subject.method == SignInMethod::kEmailCode) {
    const std::string address =
        absl::StrCat("eml_", subject.organisation_id, ":", subject.Destination());
    key.factor_id = "eml_" + Hex(HmacSha256(key_.Reveal(), address)).substr(0, 32);
  }
  return key;
}

absl::StatusOr<int64_t> Challenges::CheckFactor(const Subject& subject) {
  ASSIGN_OR_RETURN(const FactorState factor,
                   access_.FindFactor(KeyOf(subject), subject.access.invitation_id));
  RETURN_IF_ERROR(LockedUntil(factor, clock_.Now()));
  return factor.resets;
}

absl::Status Challenges::Send(Factor& factor, const ChallengeStore::Started& started,
                              const Subject& subject) {
  if (started.send_number == 0) return absl::OkStatus();
  if (!factor.is_silent()) return HandOver(factor, started, subject);
  // Until it is handed over it is due, and asked for again by whoever resends.
  later_([this, &factor, started, subject, call = Call::Current()] {
    const CallScope scope(call);
    (void)HandOver(factor, started, subject);
  });
  return absl::OkStatus();
}

absl::Status Challenges::HandOver(Factor& factor, const ChallengeStore::Started& started,
                                  const Subject& subject) {
  if (subject.decoy) {
    challenges_.Confirm(started);
    return absl::OkStatus();
  }
  const absl::Status sent = factor.Begin(started.challenge, started.send_number, subject);
  // What was refused must not count. What may have been taken must not be sent under another
  // number: it stays due, and a repeated one is taken once.
  if (sent.ok()) {
    challenges_.Confirm(started);
  } else if (!ReasonOf(sent).empty()) {
    (void)challenges_.Cancel(started, subject);
  }
  return sent;
}

absl::StatusOr<Challenge> Challenges::Start(const Subject& subject, const Call& call) {
  ASSIGN_OR_RETURN(Factor* const factor, FactorOf(subject.method));
  return StartAs(*factor, NewId(factor->prefix()), subject, call);
}

absl::Status Challenges::Offer(const Subject& subject, const std::string& request_id,
                               absl::Time expire_time, const Call& call) {
  if (clock_.Now() >= expire_time) return absl::OkStatus();
  ASSIGN_OR_RETURN(Factor* const factor, FactorOf(subject.method));
  const std::string derived = Hex(HmacSha256(key_.Reveal(), "offer:" + request_id)).substr(0, 32);
  const absl::Status started =
      StartAs(*factor, absl::StrCat(factor->prefix(), "_", derived), subject, call).status();
  return ReasonOf(started).empty() ? started : absl::OkStatus();
}

absl::StatusOr<Challenge> Challenges::StartAs(Factor& factor, const std::string& id,
                                              Subject subject, const Call& call) {
  ASSIGN_OR_RETURN(subject.resets, CheckFactor(subject));
  ASSIGN_OR_RETURN(const std::string expected, ExpectedOf(factor, id, subject));
  ASSIGN_OR_RETURN(const ChallengeStore::Started started,
                   challenges_.Start(id, subject, expected, call.client_address, clock_.Now()));
  RETURN_IF_ERROR(Send(factor, started, subject));
  return started.challenge;
}

absl::StatusOr<std::string> Challenges::ExpectedOf(const Factor& factor, const std::string& id,
                                                   const Subject& subject) {
  const bool sandbox = IsSandbox(subject.organisation_id);
  const bool wrong =
      sandbox && SandboxScenarioOf(subject.Destination()) == SandboxScenario::kWrongCode;
  // What nobody can prove: no code has this form.
  if (subject.decoy || wrong) return Hex(RandomBytes(32));
  if (sandbox) return factor.Check(id, kSandboxCode);
  return factor.Expected(id);
}

absl::StatusOr<Challenge> Challenges::Resend(const std::string& challenge_id, const Call& call) {
  ASSIGN_OR_RETURN(const Subject subject, Find(challenge_id));
  ASSIGN_OR_RETURN(Factor* const factor, FactorOf(challenge_id));
  RETURN_IF_ERROR(CheckFactor(subject).status());
  ASSIGN_OR_RETURN(const ChallengeStore::Started started,
                   challenges_.Resend(challenge_id, subject, call.client_address, clock_.Now()));
  RETURN_IF_ERROR(Send(*factor, started, subject));
  return started.challenge;
}

absl::StatusOr<Subject> Challenges::Find(const std::string& challenge_id) const {
  RETURN_IF_ERROR(FactorOf(challenge_id).status());
  return challenges_.Find(challenge_id);
}

absl::StatusOr<Subject> Challenges::Prove(const std::string& challenge_id, const std::string& proof,
                                          const std::string& nonce) {
  ASSIGN_OR_RETURN(Factor* const factor, FactorOf(challenge_id));
  ASSIGN_OR_RETURN(const std::string checked, factor->Check(challenge_id, proof));
  ASSIGN_OR_RETURN(
      ChallengeStore::Verified verified,
      challenges_.Verify(challenge_id, checked, NonceMacOf(challenge_id, nonce), clock_.Now()));
  if (!verified.attempts_left.has_value()) return std::move(verified.subject);
  RETURN_IF_ERROR(access_.CountFailure(KeyOf(verified.subject)));
  return WithFact(Refuse(v1::CODE_WRONG, "the code is not right"), "attemptsLeft",
                  absl::StrCat(*verified.attempts_left));
}

absl::StatusOr<Subject> Challenges::Confirm(const std::string& challenge_id,
                                            const std::string& deed_id, const std::string& proof,
                                            const std::string& nonce, const Call& call) {
  ASSIGN_OR_RETURN(const Subject subject, Find(challenge_id));
  if (subject.organisation_id != call.caller.organisation_id || subject.link_id != deed_id) {
    return Refuse(v1::CHALLENGE_EXPIRED, "there is no such challenge, or not any more");
  }
  ASSIGN_OR_RETURN(const int64_t resets, CheckFactor(subject));
  if (resets != subject.resets) {
    return Refuse(v1::CHALLENGE_EXPIRED, "the phone was reset since: ask for another code");
  }
  return Prove(challenge_id, proof, nonce);
}

absl::StatusOr<Challenges::Entered> Challenges::Verify(const std::string& challenge_id,
                                                       const std::string& proof,
                                                       const std::string& nonce,
                                                       const Secret& session_token,
                                                       const Call& call) {
  ASSIGN_OR_RETURN(const Subject subject, Prove(challenge_id, proof, nonce));
  // Derived from the challenge, so that a second submit of the right code is the same session.
  return Admit(subject, challenge_id, session_token, call);
}

absl::StatusOr<Challenges::Entered> Challenges::EnterByLink(Subject subject,
                                                            const std::string& nonce,
                                                            const Secret& session_token,
                                                            const Call& call) {
  subject.method = SignInMethod::kEmailCode;
  ASSIGN_OR_RETURN(subject.resets, CheckFactor(subject));
  return Admit(subject,
               absl::StrCat("link:", subject.organisation_id, ":", subject.link_id, ":", nonce),
               session_token, call);
}

absl::StatusOr<Challenges::Entered> Challenges::Admit(const Subject& subject,
                                                      const std::string& proof,
                                                      const Secret& session_token,
                                                      const Call& call) {
  const Secret token = SessionToken(HmacSha256(key_.Reveal(), "token:" + proof));
  const std::string session_id =
      "ses_" + Hex(HmacSha256(key_.Reveal(), "session:" + proof)).substr(0, 32);
  ASSIGN_OR_RETURN(const Session session,
                   access_.Enter({session_id, Sha256(token.Reveal()),
                                  session_token.empty() ? "" : Sha256(session_token.Reveal()),
                                  KeyOf(subject), subject},
                                 call));
  return Entered{session, token, subject};
}

absl::Status Challenges::Unlock(const std::string& contact_id, const std::string& mobile,
                                const std::string& case_id, const Actor& actor, const Call& call) {
  const std::string& organisation_id = call.caller.organisation_id;
  RETURN_IF_ERROR(access_.Unlock(KeyOf(organisation_id, contact_id, mobile), case_id, actor, call));
  return challenges_.Forgive(organisation_id, mobile);
}

}  // namespace gatehouse::identity
