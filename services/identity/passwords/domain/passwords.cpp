#include "services/identity/passwords/domain/passwords.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/text/address.h"
#include "services/common/text/sandbox.h"
#include "services/identity/domain/credentials.h"

namespace gatehouse::identity {
namespace {

constexpr size_t kSaltSize = 16, kIdSize = 32;

absl::Status Wrong() {
  return Refuse(v1::PASSWORD_WRONG, "the e-mail address or the password is not right");
}

// Of who is signed in: a wrong password is no word on the session.
absl::Status CurrentWrong() {
  return Refuse(v1::CURRENT_PASSWORD_WRONG, "the password that there is, is another one");
}

// What a password of this client must not be made of.
std::vector<std::string> ContextOf(const Subject& subject, const std::string& organisation_name) {
  return {subject.email, subject.email.substr(0, subject.email.find('@')), subject.contact_name,
          organisation_name};
}

// A sandbox learns nothing of passwords elsewhere, and what is typed there serves nowhere else.
bool IsOfTheSameWorld(const StoredPassword& stored, const std::string& organisation_id) {
  return stored.key.organisation_id == organisation_id ||
         (!IsSandbox(stored.key.organisation_id) && !IsSandbox(organisation_id));
}

size_t LeastOf(const Passwords::Attempt& attempt) {
  return attempt.then_sms_code ? kLeastBesideACode : kLeastAlone;
}

}  // namespace

std::string Passwords::EmailKeyOf(const std::string& email) const {
  const std::string address = absl::AsciiStrToLower(NormalisedEmail(email));
  return Hex(HmacSha256(parts_.key.Reveal(), "address:" + address)).substr(0, kIdSize);
}

FactorKey Passwords::LockOf(const std::string& organisation_id, const std::string& email_key) {
  return {organisation_id, "adr_" + email_key, "pwd_" + email_key};
}

absl::StatusOr<std::string> Passwords::TagOf(const std::string& email_key,
                                             const std::string& password) {
  return parts_.hash.Of(password,
                        HmacSha256(parts_.key.Reveal(), "salt:" + email_key).substr(0, kSaltSize));
}

std::string Passwords::VerifierOf(const PasswordKey& key, const std::string& tag) const {
  return Hex(HmacSha256(parts_.key.Reveal(), absl::StrCat("verifier:", key.organisation_id, ":",
                                                          key.account_id, ":", tag)));
}

bool Passwords::Verifies(const StoredPassword& stored, const std::string& tag) const {
  return EqualInConstantTime(stored.verifier, VerifierOf(stored.key, tag));
}

std::string Passwords::PhoneOf(const Subject& subject) const {
  return parts_.challenges.KeyOf(subject.organisation_id, subject.access.contact_id, subject.mobile)
      .factor_id;
}

absl::StatusOr<PasswordStanding> Passwords::LookUp(const std::string& organisation_id,
                                                   const std::string& contact_id,
                                                   const std::string& mobile,
                                                   const std::string& email) {
  const std::string account_id =
      parts_.challenges.KeyOf(organisation_id, contact_id, mobile).account_id;
  ASSIGN_OR_RETURN(const std::vector<StoredPassword> all,
                   parts_.store.FindAnywhere(EmailKeyOf(email)));
  PasswordStanding standing = PasswordStanding::kNone;
  for (const StoredPassword& stored : all) {
    if (!IsOfTheSameWorld(stored, organisation_id)) continue;
    if (stored.key.organisation_id != organisation_id || stored.key.account_id != account_id) {
      standing = PasswordStanding::kElsewhere;
    } else if (stored.entered) {
      return PasswordStanding::kHere;
    }
  }
  return standing;
}

absl::StatusOr<int64_t> Passwords::ResetsOf(const Subject& subject) {
  const FactorKey key =
      parts_.challenges.KeyOf(subject.organisation_id, subject.access.contact_id, subject.mobile);
  ASSIGN_OR_RETURN(const FactorState state,
                   parts_.access.FindFactor(key, subject.access.invitation_id));
  return state.resets;
}

absl::StatusOr<Passwords::Entry> Passwords::Enter(Attempt attempt, const Call& call) {
  RETURN_IF_ERROR(parts_.limits.CountTry(call.client_address));
  const bool by_link = attempt.link.has_value();
  const std::string email_key = EmailKeyOf(by_link ? attempt.link->email : attempt.email);
  const FactorKey lock = LockOf(attempt.organisation_id, email_key);
  ASSIGN_OR_RETURN(
      const FactorState state,
      parts_.access.FindFactor(lock, by_link ? attempt.link->access.invitation_id : ""));
  RETURN_IF_ERROR(LockedUntil(state, parts_.clock.Now()));
  if (by_link) {
    // A reset by staff ends the links, this one too where it comes from here on.
    ASSIGN_OR_RETURN(attempt.link->resets, ResetsOf(*attempt.link));
  }
  const std::string password = NormalisedPassword(attempt.password);
  if (attempt.create) {
    const Subject& subject = *attempt.link;
    RETURN_IF_ERROR(CheckPassword(password, LeastOf(attempt),
                                  ContextOf(subject, subject.organisation_name), parts_.blocked));
  }
  ASSIGN_OR_RETURN(const std::string tag, TagOf(email_key, password));
  RETURN_IF_ERROR(parts_.access.CountTry(lock));
  ASSIGN_OR_RETURN(const std::vector<StoredPassword> proven, Prove(attempt, email_key, tag, call));
  RETURN_IF_ERROR(parts_.store.Forgive(lock));
  // It was made where a code followed it, and is asked for alone now.
  RETURN_IF_ERROR(CheckLength(password, LeastOf(attempt)));
  return Admit(attempt, proven, call);
}

absl::StatusOr<std::vector<StoredPassword>> Passwords::Prove(const Attempt& attempt,
                                                             const std::string& email_key,
                                                             const std::string& tag,
                                                             const Call& call) {
  if (attempt.link.has_value()) {
    const Subject& subject = *attempt.link;
    StoredPassword mine;
    mine.key = {
        attempt.organisation_id, email_key,
        parts_.challenges.KeyOf(attempt.organisation_id, subject.access.contact_id, subject.mobile)
            .account_id};
    mine.verifier = VerifierOf(mine.key, tag);
    mine.subject = subject;
    mine.told = attempt.then_sms_code;
    return ProveByLink(attempt, mine, tag, call);
  }
  ASSIGN_OR_RETURN(std::vector<StoredPassword> known,
                   parts_.store.Find(attempt.organisation_id, email_key));
  // All are compared: how long it takes says nothing of which one it was.
  std::vector<StoredPassword> proven;
  for (const StoredPassword& stored : known) {
    if (Verifies(stored, tag)) proven.push_back(stored);
  }
  if (proven.empty()) return Wrong();
  // Who shares an address and a password with another stays another, by the phone.
  const std::string mobile = proven[0].subject.mobile;
  proven.erase(
      std::remove_if(proven.begin(), proven.end(),
                     [&](const StoredPassword& stored) { return stored.subject.mobile != mobile; }),
      proven.end());
  return proven;
}

absl::StatusOr<std::vector<StoredPassword>> Passwords::ProveByLink(const Attempt& attempt,
                                                                   const StoredPassword& mine,
                                                                   const std::string& tag,
                                                                   const Call& call) {
  using Proven = std::vector<StoredPassword>;
  if (attempt.create) {
    ASSIGN_OR_RETURN(const StoredPassword kept, parts_.store.Add(mine, call));
    if (EqualInConstantTime(kept.verifier, mine.verifier)) return Proven{kept};
    return Refuse(v1::PASSWORD_EXISTS,
                  "there is a password already, another one: sign in with it, or have it reset");
  }
  ASSIGN_OR_RETURN(const Proven all, parts_.store.FindAnywhere(mine.key.email_key));
  for (const StoredPassword& stored : all) {
    const bool here = stored.key.organisation_id == mine.key.organisation_id &&
                      stored.key.account_id == mine.key.account_id;
    if (!here) continue;
    if (!Verifies(stored, tag)) return Wrong();
    StoredPassword proven = stored;
    proven.subject = mine.subject;
    return Proven{proven};
  }
  // Whoever holds a link may try what belongs to others, and not often.
  ASSIGN_OR_RETURN(const bool may, parts_.limits.MayTryElsewhere(mine.key.email_key, false));
  const bool known = std::any_of(all.begin(), all.end(), [&](const StoredPassword& stored) {
    return IsOfTheSameWorld(stored, mine.key.organisation_id) && Verifies(stored, tag);
  });
  if (may && known) {
    // There a code follows it: it is no password of this office's.
    RETURN_IF_ERROR(CheckLength(NormalisedPassword(attempt.password), LeastOf(attempt)));
    ASSIGN_OR_RETURN(const StoredPassword kept, parts_.store.Add(mine, call));
    if (EqualInConstantTime(kept.verifier, mine.verifier)) return Proven{kept};
  }
  RETURN_IF_ERROR(parts_.limits.MayTryElsewhere(mine.key.email_key, true).status());
  return Wrong();
}

absl::StatusOr<Passwords::Entry> Passwords::Admit(const Attempt& attempt,
                                                  std::vector<StoredPassword> proven,
                                                  const Call& call) {
  // Without a link the first one enters that may enter anything, by its own latest case.
  std::vector<CaseAccess> grants;
  for (auto one = proven.begin(); !attempt.link.has_value() && grants.empty(); ++one) {
    if (one == proven.end()) return Refuse(v1::ACCESS_REVOKED, "this access has been withdrawn");
    ASSIGN_OR_RETURN(grants, parts_.store.ListGrants(one->key, PhoneOf(one->subject)));
    if (!grants.empty()) std::rotate(proven.begin(), one, one + 1);
  }
  Subject subject = attempt.link.value_or(proven[0].subject);
  PasswordProof proof = {.email_key = proven[0].key.email_key, .version = proven[0].version};
  for (const StoredPassword& stored : proven) proof.account_ids.push_back(stored.key.account_id);
  const std::string phone = PhoneOf(subject);
  if (!attempt.link.has_value()) {
    subject.access = grants[0];
    subject.settled = subject.link_serves_many = true;
    // Who takes the password away meanwhile ends this entry by its version.
    ASSIGN_OR_RETURN(subject.resets, ResetsOf(subject));
  }
  subject.password = proof;
  if (attempt.then_sms_code) return AskForMore(attempt, subject, call);
  FactorKey factor = {
      attempt.organisation_id, proof.account_ids[0],
      "pwd_" + Hex(HmacSha256(parts_.key.Reveal(), "factor:" + proof.email_key + phone))
                   .substr(0, kIdSize)};
  const Secret token = SessionToken(RandomBytes(32));
  ASSIGN_OR_RETURN(
      Session session,
      parts_.access.Enter(
          {.session_id = NewId("ses"),
           .token_hash = Sha256(token.Reveal()),
           .earlier_token_hash =
               attempt.session_token.empty() ? "" : Sha256(attempt.session_token.Reveal()),
           .factor = std::move(factor),
           .subject = subject,
           .phone_id = phone},
          call));
  return Challenges::Entered{std::move(session), token, subject};
}

absl::StatusOr<Passwords::Entry> Passwords::AskForMore(const Attempt& attempt,
                                                       const Subject& subject, const Call& call) {
  if (!attempt.passkey_portal_url.empty()) {
    auto begun = parts_.passkeys.Start(subject, attempt.passkey_portal_url, call);
    if (ReasonOf(begun.status()) != "PASSKEY_UNKNOWN") return begun;
  }
  ASSIGN_OR_RETURN(const Challenge challenge, parts_.challenges.Start(subject, call));
  return challenge;
}

void Passwords::RequestReset(const std::string& organisation_id, const std::string& email,
                             const std::string& portal_url, const std::string& organisation_name) {
  parts_.later([this, organisation_id, email_key = EmailKeyOf(email), portal_url, organisation_name,
                call = Call::Current()] {
    const CallScope scope(call);
    const auto known = parts_.store.Find(organisation_id, email_key);
    if (!known.ok()) return;
    // Each client by the own name: two who share a mailbox stay two.
    for (const StoredPassword& stored : *known) {
      (void)MailReset(stored, portal_url, organisation_name);
    }
  });
}

absl::Status Passwords::MailReset(const StoredPassword& stored, const std::string& portal_url,
                                  const std::string& organisation_name) {
  ASSIGN_OR_RETURN(const std::vector<CaseAccess> grants,
                   parts_.store.ListGrants(stored.key, PhoneOf(stored.subject)));
  if (grants.empty()) return absl::OkStatus();  // There is nothing to enter any more.
  const std::string token = Base64Url(RandomBytes(32));
  ASSIGN_OR_RETURN(const bool kept,
                   parts_.limits.KeepReset(Sha256(token), stored.key, stored.version));
  if (!kept) return absl::OkStatus();
  return parts_.mailer.Mail(
      stored.subject, organisation_name,
      Secret(absl::StrCat(portal_url, "/password#", stored.key.organisation_id, ".", token)));
}

absl::StatusOr<std::vector<std::string>> Passwords::Reset(const std::string& token,
                                                          const std::string& typed,
                                                          bool beside_a_code,
                                                          const std::string& organisation_name,
                                                          const Call& call) {
  RETURN_IF_ERROR(parts_.limits.CountTry(call.client_address));
  ASSIGN_OR_RETURN(const PasswordLimits::Reset reset, parts_.limits.FindReset(Sha256(token)));
  const absl::Status expired =
      Refuse(v1::PASSWORD_RESET_EXPIRED, "the link has served, or has expired: ask for another");
  // A token is good where it was made.
  if (reset.key.organisation_id != call.caller.organisation_id) return expired;
  ASSIGN_OR_RETURN(const std::vector<StoredPassword> known,
                   parts_.store.Find(reset.key.organisation_id, reset.key.email_key));
  const auto found = std::find_if(known.begin(), known.end(), [&](const StoredPassword& stored) {
    return stored.key.account_id == reset.key.account_id;
  });
  if (found == known.end()) return expired;
  const std::string password = NormalisedPassword(typed);
  RETURN_IF_ERROR(CheckPassword(password, beside_a_code ? kLeastBesideACode : kLeastAlone,
                                ContextOf(found->subject, organisation_name), parts_.blocked));
  ASSIGN_OR_RETURN(const std::string tag, TagOf(reset.key.email_key, password));
  StoredPassword next = *found;
  next.verifier = VerifierOf(next.key, tag);
  next.version = reset.version;
  ASSIGN_OR_RETURN(const std::vector<std::string> ended,
                   parts_.store.Replace(next, "", organisation_name, call));
  // Who reads the mailbox need not wait for the end of a lock that a stranger may have brought.
  RETURN_IF_ERROR(parts_.store.Forgive(LockOf(reset.key.organisation_id, reset.key.email_key)));
  return ended;
}

absl::StatusOr<std::vector<std::string>> Passwords::Change(const Replacement& wanted,
                                                           const Call& call) {
  const std::string& id = call.caller.organisation_id;
  RETURN_IF_ERROR(parts_.limits.CountTry(call.client_address));
  ASSIGN_OR_RETURN(const StoredPassword stored, parts_.store.FindOf(id, wanted.account_id));
  const FactorKey lock = LockOf(id, stored.key.email_key);
  ASSIGN_OR_RETURN(const FactorState state, parts_.access.FindFactor(lock, ""));
  RETURN_IF_ERROR(LockedUntil(state, parts_.clock.Now()));
  const std::string password = NormalisedPassword(wanted.password);
  RETURN_IF_ERROR(CheckPassword(password, wanted.beside_a_code ? kLeastBesideACode : kLeastAlone,
                                ContextOf(stored.subject, wanted.organisation_name),
                                parts_.blocked));
  ASSIGN_OR_RETURN(const std::string current,
                   TagOf(stored.key.email_key, NormalisedPassword(wanted.current_password)));
  RETURN_IF_ERROR(parts_.access.CountTry(lock));
  if (!Verifies(stored, current)) return CurrentWrong();
  ASSIGN_OR_RETURN(const std::string tag, TagOf(stored.key.email_key, password));
  StoredPassword next = stored;
  next.verifier = VerifierOf(next.key, tag);
  auto ended = parts_.store.Replace(next, wanted.session_id, wanted.organisation_name, call);
  // It was changed in this very moment: what was typed is the password no more.
  if (ReasonOf(ended.status()) == "PASSWORD_RESET_EXPIRED") return CurrentWrong();
  RETURN_IF_ERROR(ended.status());
  RETURN_IF_ERROR(parts_.store.Forgive(lock));
  return ended;
}

absl::StatusOr<std::vector<std::string>> Passwords::RebindAddress(const Subject& subject,
                                                                  const std::string& actor_name,
                                                                  const Call& call) {
  const std::string account_id =
      parts_.challenges.KeyOf(subject.organisation_id, subject.access.contact_id, subject.mobile)
          .account_id;
  return parts_.store.RebindAddress(
      {subject.organisation_id, EmailKeyOf(subject.email), account_id}, subject, actor_name, call);
}

}  // namespace gatehouse::identity
