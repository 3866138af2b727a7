#include "services/identity/passkeys/domain/passkeys.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/text/origin.h"
#include "services/identity/domain/credentials.h"

namespace gatehouse::identity {
namespace {

absl::Status Unknown() {
  return Refuse(v1::PASSKEY_UNKNOWN, "there is no such passkey of yours at this portal");
}

absl::Status TooMany() {
  return WithFact(
      Refuse(v1::TOO_MANY_PASSKEYS, absl::StrCat("there are ", kPasskeysMax, ": remove one")),
      "most", absl::StrCat(kPasskeysMax));
}

// Of an origin, which has no path.
std::string HostOf(const std::string& origin) {
  const size_t start = origin.find("://") + 3;
  return origin.substr(start, origin.find(':', start) - start);
}

// Under a name that only who knows the deed asks for: no id of a challenge has a colon in it.
std::string KeptAs(const std::string& challenge_id, const std::string& deed_id) {
  return deed_id.empty() ? challenge_id : absl::StrCat(challenge_id, ":", deed_id);
}

Ceremony CeremonyOf(const BegunCeremony& begun, std::string challenge) {
  return {.creates = !begun.session_id.empty(),
          .challenge = std::move(challenge),
          .origin = begun.origin,
          .host = begun.host};
}

}  // namespace

std::string Passkeys::ChallengeOf(const std::string& challenge_id) const {
  return HmacSha256(parts_.key.Reveal(), "challenge:" + challenge_id);
}

std::string Passkeys::HandleOf(const std::string& organisation_id, const std::string& account_id,
                               const std::string& host) const {
  return HmacSha256(parts_.key.Reveal(),
                    absl::StrCat("handle:", organisation_id, ":", account_id, ":", host));
}

absl::StatusOr<Passkeys::Begun> Passkeys::Keep(const BegunCeremony& ceremony, const Call& call,
                                               const std::string& deed_id) {
  Begun begun = {.challenge_id = NewId("psk"),
                 .host = ceremony.host,
                 .expire_time = parts_.clock.Now() + kPasskeyCeremony};
  begun.challenge = ChallengeOf(begun.challenge_id);
  RETURN_IF_ERROR(
      parts_.ceremonies.Keep(KeptAs(begun.challenge_id, deed_id), ceremony, call.client_address));
  return begun;
}

absl::StatusOr<Passkeys::Begun> Passkeys::Begin(const Holder& holder, const std::string& portal_url,
                                                const Call& call) {
  const std::string& id = call.caller.organisation_id;
  const auto self =
      std::find_if(holder.contacts.begin(), holder.contacts.end(), [&](const Subject& subject) {
        return parts_.challenges.KeyOf(subject).account_id == holder.account_id;
      });
  if (self == holder.contacts.end()) {
    return Refuse(common::v1::CREDENTIAL_INVALID, "the credential is not valid, or not any more");
  }
  ASSIGN_OR_RETURN(const PasskeyStore::Holder found,
                   parts_.store.FindHolder(id, holder.account_id, holder.session_id));
  if (found.passkeys >= kPasskeysMax) return TooMany();
  BegunCeremony ceremony = {.organisation_id = id,
                            .origin = OriginOf(portal_url),
                            .host = HostOf(OriginOf(portal_url)),
                            .account_id = holder.account_id,
                            .session_id = holder.session_id,
                            .proven_by = found.proven_by,
                            .subject = *self};
  ceremony.subject->resets = found.resets;
  ASSIGN_OR_RETURN(std::vector<std::string> known,
                   parts_.store.ListCredentials(id, holder.account_id, ceremony.host));
  ASSIGN_OR_RETURN(Begun begun, Keep(ceremony, call));
  begun.credential_ids = std::move(known);
  begun.user_handle = HandleOf(id, holder.account_id, ceremony.host);
  begun.subject = *self;
  return begun;
}

absl::StatusOr<Passkeys::Added> Passkeys::Add(const std::string& challenge_id,
                                              const std::string& client_data,
                                              const std::string& attestation,
                                              const std::string& display_name, const Call& call) {
  ASSIGN_OR_RETURN(const BegunCeremony begun, parts_.ceremonies.Take(challenge_id));
  const Caller& caller = call.caller;
  if (begun.session_id.empty() || begun.session_id != caller.credential_id ||
      begun.organisation_id != caller.organisation_id) {
    return Refuse(v1::CHALLENGE_EXPIRED, "this was begun elsewhere: begin again");
  }
  NewPasskey added = {.session_id = begun.session_id, .proven_by = begun.proven_by};
  StoredPasskey& passkey = added.passkey;
  ASSIGN_OR_RETURN(passkey.key, ReadRegistration(CeremonyOf(begun, ChallengeOf(challenge_id)),
                                                 client_data, attestation));
  passkey.account_id = begun.account_id;
  passkey.subject = *begun.subject;
  passkey.shown = {.passkey_id = NewId("pky"),
                   .display_name = display_name.empty() ? "Passkey" : display_name,
                   .host = begun.host,
                   .is_backed_up = passkey.key.is_backed_up,
                   .create_time = parts_.clock.Now()};
  ASSIGN_OR_RETURN(std::vector<std::string> ended, parts_.store.Add(added, call));
  return Added{passkey.shown, std::move(ended)};
}

absl::StatusOr<bool> Passkeys::HasAt(const std::string& organisation_id,
                                     const std::string& contact_id, const std::string& mobile,
                                     const std::string& host) {
  const FactorKey key = parts_.challenges.KeyOf(organisation_id, contact_id, mobile);
  ASSIGN_OR_RETURN(const std::vector<std::string> known,
                   parts_.store.ListCredentials(organisation_id, key.account_id, host));
  return !known.empty();
}

absl::StatusOr<Passkeys::Begun> Passkeys::Start(const std::optional<Subject>& subject,
                                                const std::string& portal_url, const Call& call) {
  BegunCeremony ceremony = {.organisation_id = call.caller.organisation_id,
                            .origin = OriginOf(portal_url),
                            .host = HostOf(OriginOf(portal_url)),
                            .subject = subject};
  std::vector<std::string> known;
  if (subject.has_value()) {
    const FactorKey phone = parts_.challenges.KeyOf(*subject);
    ASSIGN_OR_RETURN(const FactorState state,
                     parts_.access.FindFactor(phone, subject->access.invitation_id));
    ceremony.account_id = phone.account_id;
    ceremony.subject->resets = state.resets;
    ASSIGN_OR_RETURN(known, parts_.store.ListCredentials(phone.organisation_id, phone.account_id,
                                                         ceremony.host));
    if (known.empty()) return Unknown();
  }
  ASSIGN_OR_RETURN(Begun begun, Keep(ceremony, call));
  begun.credential_ids = std::move(known);
  return begun;
}

absl::StatusOr<StoredPasskey> Passkeys::FindFor(const BegunCeremony& ceremony,
                                                const Answer& answer) {
  ASSIGN_OR_RETURN(
      std::optional<StoredPasskey> found,
      parts_.store.Find(ceremony.organisation_id, ceremony.host, answer.credential_id));
  if (!found.has_value()) return Unknown();
  const bool named = !ceremony.account_id.empty();
  if (named && found->account_id != ceremony.account_id) return Unknown();
  // Who is not named yet is named by the authenticator (Web Authentication, 7.2, step 6).
  const bool says = !answer.user_handle.empty();
  if (!says && !named) return Unknown();
  if (says &&
      answer.user_handle != HandleOf(ceremony.organisation_id, found->account_id, ceremony.host)) {
    return Unknown();
  }
  return *std::move(found);
}

absl::StatusOr<Subject> Passkeys::EntryOf(const BegunCeremony& ceremony,
                                          const StoredPasskey& passkey) {
  if (ceremony.subject.has_value()) return *ceremony.subject;
  Subject subject = passkey.subject;
  const FactorKey phone = parts_.challenges.KeyOf(subject);
  ASSIGN_OR_RETURN(
      const std::vector<CaseAccess> grants,
      parts_.store.ListGrants(subject.organisation_id, passkey.account_id, phone.factor_id));
  if (grants.empty()) return Refuse(v1::ACCESS_REVOKED, "this access has been withdrawn");
  subject.access = grants[0];
  subject.settled = subject.link_serves_many = true;
  return subject;
}

absl::StatusOr<Challenges::Entered> Passkeys::Enter(const Answer& answer, const Call& call) {
  ASSIGN_OR_RETURN(const BegunCeremony begun, parts_.ceremonies.Take(answer.challenge_id));
  if (!begun.session_id.empty()) {
    return Refuse(v1::CHALLENGE_EXPIRED, "this was begun to register a passkey");
  }
  ASSIGN_OR_RETURN(const StoredPasskey passkey, FindFor(begun, answer));
  ASSIGN_OR_RETURN(const uint32_t counter,
                   VerifyAssertion(CeremonyOf(begun, ChallengeOf(answer.challenge_id)), passkey.key,
                                   answer.assertion));
  ASSIGN_OR_RETURN(const Subject subject, EntryOf(begun, passkey));
  const Secret token = SessionToken(RandomBytes(32));
  ASSIGN_OR_RETURN(
      Session session,
      parts_.store.Enter(
          {.session_id = NewId("ses"),
           .token_hash = Sha256(token.Reveal()),
           .earlier_token_hash =
               answer.session_token.empty() ? "" : Sha256(answer.session_token.Reveal()),
           .factor = {subject.organisation_id, passkey.account_id, "psk_" + passkey.account_id},
           .subject = subject,
           .phone_id = parts_.challenges.KeyOf(subject).factor_id},
          {.account_id = passkey.account_id,
           .passkey_id = passkey.shown.passkey_id,
           .counter = counter,
           .enters_all = !begun.subject.has_value()},
          call));
  return Challenges::Entered{std::move(session), token, subject};
}

absl::StatusOr<int64_t> Passkeys::CheckPhone(const Subject& subject) {
  ASSIGN_OR_RETURN(
      const FactorState state,
      parts_.access.FindFactor(parts_.challenges.KeyOf(subject), subject.access.invitation_id));
  RETURN_IF_ERROR(LockedUntil(state, parts_.clock.Now()));
  return state.resets;
}

absl::StatusOr<Passkeys::Begun> Passkeys::StartDeed(const Subject& subject,
                                                    const std::string& deed_id,
                                                    const std::string& portal_url,
                                                    const Call& call) {
  const FactorKey phone = parts_.challenges.KeyOf(subject);
  BegunCeremony ceremony = {.organisation_id = phone.organisation_id,
                            .origin = OriginOf(portal_url),
                            .host = HostOf(OriginOf(portal_url)),
                            .account_id = phone.account_id,
                            .subject = subject};
  ASSIGN_OR_RETURN(ceremony.subject->resets, CheckPhone(subject));
  ASSIGN_OR_RETURN(std::vector<std::string> known,
                   parts_.store.ListCredentials(phone.organisation_id, phone.account_id,
                                                ceremony.host, phone.factor_id));
  if (known.empty()) return Unknown();
  ASSIGN_OR_RETURN(Begun begun, Keep(ceremony, call, deed_id));
  begun.credential_ids = std::move(known);
  return begun;
}

absl::StatusOr<Passkey> Passkeys::Confirm(const Answer& answer, const std::string& deed_id,
                                          const Call& call) {
  ASSIGN_OR_RETURN(const BegunCeremony begun,
                   parts_.ceremonies.Take(KeptAs(answer.challenge_id, deed_id)));
  if (begun.organisation_id != call.caller.organisation_id || !begun.subject.has_value()) {
    return Refuse(v1::CHALLENGE_EXPIRED, "this was begun elsewhere: begin again");
  }
  ASSIGN_OR_RETURN(const int64_t resets, CheckPhone(*begun.subject));
  if (resets != begun.subject->resets) {
    return Refuse(v1::CHALLENGE_EXPIRED, "the phone was reset since: begin again");
  }
  ASSIGN_OR_RETURN(const StoredPasskey passkey, FindFor(begun, answer));
  if (passkey.proven_by != parts_.challenges.KeyOf(*begun.subject).factor_id) return Unknown();
  ASSIGN_OR_RETURN(const uint32_t counter,
                   VerifyAssertion(CeremonyOf(begun, ChallengeOf(answer.challenge_id)), passkey.key,
                                   answer.assertion));
  RETURN_IF_ERROR(parts_.store.Use(*begun.subject,
                                   {.account_id = passkey.account_id,
                                    .passkey_id = passkey.shown.passkey_id,
                                    .counter = counter},
                                   call));
  return passkey.shown;
}

}  // namespace gatehouse::identity
