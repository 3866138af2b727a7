#include "services/identity/domain/challenges.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/text/digits.h"

namespace gatehouse::identity {

absl::Status LockedUntil(const Factor& factor, absl::Time now) {
  if (factor.disabled) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "SIGN_IN_DISABLED",
                  "too many wrong codes: whoever invited you can let you try again");
  }
  if (factor.locked_until > now) {
    return RefuseUntil("SIGN_IN_LOCKED", "too many wrong codes: try again later",
                       factor.locked_until - now);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadCode(const std::string& typed) {
  const std::string code = PlainDigits(typed);
  if (code.size() == 6 && code.find_first_not_of("0123456789") == std::string::npos) return code;
  return Refuse(absl::StatusCode::kInvalidArgument, "CODE_MALFORMED",
                "a code has six digits: type it as it stands in the message");
}

// A code is derived rather than stored: there is nothing to steal from Redis, and a resend sends
// the same one.
Secret Challenges::CodeOf(const std::string& challenge_id) const {
  const std::string bytes = HmacSha256(key_.Reveal(), "code:" + challenge_id);
  uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return Secret(absl::StrFormat("%06d", number % 1000000));
}

std::string Challenges::MacOf(const std::string& challenge_id, const std::string& code) const {
  return Hex(HmacSha256(key_.Reveal(), absl::StrCat("mac:", challenge_id, ":", code)));
}

std::string Challenges::NonceMacOf(const std::string& challenge_id,
                                   const std::string& nonce) const {
  if (nonce.empty()) return "";
  return Hex(HmacSha256(key_.Reveal(), absl::StrCat("nonce:", challenge_id, ":", nonce)));
}

FactorKey Challenges::KeyOf(const std::string& organisation_id, const std::string& email,
                            const std::string& mobile) const {
  const auto id = [&](const char* prefix, const std::string& value) {
    return prefix +
           Hex(HmacSha256(key_.Reveal(), absl::StrCat(prefix, organisation_id, ":", value)))
               .substr(0, 32);
  };
  return {organisation_id, id("acc_", absl::AsciiStrToLower(email)), id("sms_", mobile)};
}

absl::Status Challenges::CheckFactor(const Subject& subject) {
  ASSIGN_OR_RETURN(const Factor factor,
                   access_.FindFactor(KeyOf(subject.organisation_id, subject.email, subject.mobile),
                                      subject.access.invitation_id));
  return LockedUntil(factor, clock_.Now());
}

absl::Status Challenges::Send(const ChallengeStore::Started& started, const Subject& subject) {
  if (started.send_number == 0) return absl::OkStatus();
  const std::string& id = started.challenge.challenge_id;
  const absl::Status sent = messenger_.SendCode(subject, absl::StrCat(id, ":", started.send_number),
                                                CodeOf(id), started.challenge.expire_time);
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
  return StartAs(NewId("chl"), subject, call);
}

absl::Status Challenges::Offer(const Subject& subject, const std::string& request_id,
                               absl::Time expire_time, const Call& call) {
  if (clock_.Now() >= expire_time) return absl::OkStatus();
  const std::string id =
      "chl_" + Hex(HmacSha256(key_.Reveal(), "offer:" + request_id)).substr(0, 32);
  const absl::Status started = StartAs(id, subject, call).status();
  return ReasonOf(started).empty() ? started : absl::OkStatus();
}

absl::StatusOr<Challenge> Challenges::StartAs(const std::string& id, const Subject& subject,
                                              const Call& call) {
  RETURN_IF_ERROR(CheckFactor(subject));
  ASSIGN_OR_RETURN(const ChallengeStore::Started started,
                   challenges_.Start(id, subject, MacOf(id, CodeOf(id).Reveal()),
                                     call.client_address, clock_.Now()));
  RETURN_IF_ERROR(Send(started, subject));
  return started.challenge;
}

absl::StatusOr<Challenge> Challenges::Resend(const std::string& challenge_id, const Call& call) {
  ASSIGN_OR_RETURN(const Subject subject, challenges_.Find(challenge_id));
  RETURN_IF_ERROR(CheckFactor(subject));
  ASSIGN_OR_RETURN(const ChallengeStore::Started started,
                   challenges_.Resend(challenge_id, subject, call.client_address, clock_.Now()));
  RETURN_IF_ERROR(Send(started, subject));
  return started.challenge;
}

absl::StatusOr<Challenges::Entered> Challenges::Verify(const std::string& challenge_id,
                                                       const std::string& typed,
                                                       const std::string& nonce, const Call& call) {
  ASSIGN_OR_RETURN(const std::string code, ReadCode(typed));
  ASSIGN_OR_RETURN(const ChallengeStore::Verified verified,
                   challenges_.Verify(challenge_id, MacOf(challenge_id, code),
                                      NonceMacOf(challenge_id, nonce), clock_.Now()));
  const Subject& subject = verified.subject;
  const FactorKey factor = KeyOf(subject.organisation_id, subject.email, subject.mobile);
  if (verified.attempts_left.has_value()) {
    RETURN_IF_ERROR(access_.CountFailure(factor));
    return WithFact(
        Refuse(absl::StatusCode::kUnauthenticated, "CODE_WRONG", "the code is not right"),
        "attemptsLeft", absl::StrCat(*verified.attempts_left));
  }
  // Derived from the challenge, so that a second submit of the right code is the same session.
  const std::string token = Base64Url(HmacSha256(key_.Reveal(), "token:" + challenge_id));
  const std::string session_id =
      "ses_" + Hex(HmacSha256(key_.Reveal(), "session:" + challenge_id)).substr(0, 32);
  ASSIGN_OR_RETURN(const Session session,
                   access_.Enter({session_id, Sha256(token), factor, subject}, call));
  return Entered{session, Secret(token), subject};
}

absl::Status Challenges::Unlock(const std::string& email, const std::string& mobile,
                                const std::string& actor_id, const Call& call) {
  const std::string& organisation_id = call.caller.organisation_id;
  RETURN_IF_ERROR(access_.Unlock(KeyOf(organisation_id, email, mobile), actor_id, call));
  return challenges_.Forgive(organisation_id, mobile);
}

}  // namespace gatehouse::identity
