#include "services/identity/store/challenge_store.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "gatehouse/identity/v1/records.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"
#include "services/common/observe/metrics.h"
#include "services/common/text/network.h"
#include "services/common/text/phone_region.h"
#include "services/common/text/sandbox.h"
#include "services/identity/breakers/domain/breaker.h"
#include "services/identity/domain/challenges.h"
#include "services/identity/store/challenge_scripts.h"
#include "services/identity/subject_proto.h"

namespace gatehouse::identity {
namespace {

using absl::StatusCode;

std::string Millis(absl::Duration duration) {
  return absl::StrCat(absl::ToInt64Milliseconds(duration));
}
std::string Millis(absl::Time time) { return absl::StrCat(absl::ToUnixMillis(time)); }

constexpr char kKeys[] = "gatehouse:challenge:";

std::string KeyOf(const std::string& challenge_id) { return kKeys + challenge_id; }

void CountOutcome(const char* outcome) {
  Count("gatehouse_challenges_total", {{"outcome", outcome}});
}

absl::Status Expired() {
  CountOutcome("expired");
  return Refuse(v1::CHALLENGE_EXPIRED, "the code has expired: ask for a new one");
}

absl::Status LimitReached(int64_t wait_ms) {
  CountOutcome("limited");
  return RefuseUntil(v1::CODE_LIMIT_REACHED, "too many codes were sent: try again later",
                     absl::Milliseconds(std::max<int64_t>(wait_ms, 1000)));
}

absl::Status CodesHeldBack(int64_t wait_ms) {
  CountOutcome("held");
  return RefuseUntil(v1::CODES_HELD_BACK,
                     "codes are held back for now: too many were asked for and never typed",
                     absl::Milliseconds(std::max<int64_t>(wait_ms, 1000)));
}

absl::Status Locked() {
  CountOutcome("locked");
  return Refuse(v1::CHALLENGE_LOCKED,
                "too many wrong codes for this one: start the sign-in again for a new code");
}

constexpr char kContext[] = "challenge record";
const std::string kOwed = "gatehouse:codes:owed:";

std::string Sealed(const Secret& key, const Subject& subject) {
  v1::ChallengeRecord record;
  record.set_organisation_id(subject.organisation_id);
  *record.mutable_challenge() = ToProto(subject);
  record.set_resets(subject.resets);
  return Seal(key, kContext, record.SerializeAsString());
}

absl::StatusOr<Subject> Opened(const Secret& key, const std::string& sealed) {
  ASSIGN_OR_RETURN(const std::string bytes, Open(key, kContext, sealed));
  v1::ChallengeRecord record;
  if (!record.ParseFromString(bytes)) return absl::DataLossError("a challenge's record is broken");
  Subject subject = SubjectFrom(record.organisation_id(), record.challenge());
  subject.resets = record.resets();
  return subject;
}

}  // namespace

std::string RedisChallengeStore::Hashed(const std::string& text) const {
  return Hex(HmacSha256(key_.Reveal(), text)).substr(0, 32);
}

std::pair<std::string, std::string> RedisChallengeStore::CountersOf(
    const std::string& organisation_id, const std::string& mobile) const {
  const std::string number = Hashed(absl::StrCat("number:", organisation_id, ":", mobile));
  return {"gatehouse:codes:hour:" + number, "gatehouse:codes:day:" + number};
}

std::string RedisChallengeStore::LiveKeyOf(const Subject& subject) const {
  std::string whose =
      absl::StrCat(subject.organisation_id, ":", subject.link_id, ":", subject.Destination());
  // What was begun with a password that is another one by now, or before a reset, leads nowhere.
  if (subject.password) absl::StrAppend(&whose, ":", subject.password->version);
  if (subject.resets > 0) absl::StrAppend(&whose, "/", subject.resets);
  return "gatehouse:signIn:live:" + Hashed(whose);
}

std::string RedisChallengeStore::OwedKeyOf(const std::string& organisation_id, const char* of,
                                           const std::string& what) const {
  return Hashed(absl::StrCat("owed:", organisation_id, ":", of, ":", what));
}

RedisChallengeStore::Owing RedisChallengeStore::OwingOf(const Subject& subject,
                                                        const std::string& client_address) const {
  const std::string& id = subject.organisation_id;
  // What goes out with an invitation staff had sent; an e-mail costs nothing, a sandbox's SMS
  // neither.
  const bool owes =
      subject.method == SignInMethod::kSmsCode && !client_address.empty() && !IsSandbox(id);
  Owing owing = {.country = RegionOfPhone(subject.mobile), .address = NetworkOf(client_address)};
  if (owes) owing.number = Hashed(absl::StrCat("owed:", id, ":", subject.mobile));
  owing.country_key = OwedKeyOf(id, "country", owing.country);
  owing.address_key = OwedKeyOf(id, "address", owing.address);
  return owing;
}

std::vector<std::string> RedisChallengeStore::KeysOf(const std::string& challenge_id,
                                                     const Subject& subject,
                                                     const std::string& client_address,
                                                     const Owing& owing) const {
  const std::string& id = subject.organisation_id;
  // Where no client asked there is no address to limit.
  const std::string address = client_address.empty() ? challenge_id : owing.address;
  const auto [hour, day] = CountersOf(id, subject.Destination());
  // Nothing goes to a sandbox's numbers: what it does takes nothing from who has such a number.
  const std::string whose = IsSandbox(id) ? id + ":" : std::string();
  return {KeyOf(challenge_id),
          LiveKeyOf(subject),
          hour,
          day,
          "gatehouse:codes:all:" + Hashed("number:" + whose + subject.Destination()),
          "gatehouse:codes:organisation:" + Hashed("organisation:" + id),
          "gatehouse:codes:minute:" + Hashed("address:" + address),
          kOwed + owing.country_key,
          kOwed + owing.address_key};
}

absl::Status RedisChallengeStore::HeldBackBy(const RedisReply& reply, const Subject& subject,
                                             const Owing& owing) {
  const bool of_country = reply.array.at(1).integer == 8;
  if (reply.array.at(3).integer == 1 && options_.on_held) {
    HeldBack held = {.organisation_id = subject.organisation_id};
    held.key = of_country ? owing.country_key : owing.address_key;
    (of_country ? held.country : held.client_address) = of_country ? owing.country : owing.address;
    options_.on_held(held);
  }
  return CodesHeldBack(reply.array.at(2).integer);
}

absl::StatusOr<ChallengeStore::Started> RedisChallengeStore::Run(const std::string& challenge_id,
                                                                 const Subject& subject,
                                                                 const std::string& code_mac,
                                                                 const std::string& client_address,
                                                                 absl::Time now) {
  const bool fresh = !code_mac.empty();
  const Owing owing = OwingOf(subject, client_address);
  ASSIGN_OR_RETURN(const RedisReply reply,
                   redis_.Eval(SendScript(), KeysOf(challenge_id, subject, client_address, owing),
                               {Millis(now),
                                fresh ? challenge_id : "",
                                code_mac,
                                fresh ? Sealed(key_, subject) : "",
                                Millis(kCodeLife),
                                Millis(kCoolDown),
                                Millis(kLeastLife),
                                Millis(kLongestLife),
                                absl::StrCat(kTries),
                                absl::StrCat(kCodesAnHour),
                                absl::StrCat(kCodesADay),
                                absl::StrCat(kCodesADayByAll),
                                absl::StrCat(options_.codes_a_day),
                                absl::StrCat(kCodesAMinute),
                                owing.number,
                                absl::StrCat(kOfCountry.an_hour),
                                absl::StrCat(kOfCountry.a_day),
                                absl::StrCat(kOfAddress.an_hour),
                                absl::StrCat(kOfAddress.a_day),
                                absl::StrCat(kUnderWay)}));
  if (reply.array.empty()) return absl::InternalError("redis: unexpected reply");
  if (reply.array[0].string == "expired") return Expired();
  if (reply.array[0].string == "locked") return Locked();
  if (reply.array[0].string == "limit") return LimitReached(reply.array.at(1).integer);
  if (reply.array[0].string == "held") return HeldBackBy(reply, subject, owing);
  const int sends = static_cast<int>(reply.array.at(3).integer);
  if (sends > 0) CountOutcome(sends == 1 ? "started" : "resent");
  return Started{{reply.array[0].string, absl::FromUnixMillis(reply.array.at(1).integer),
                  absl::FromUnixMillis(reply.array.at(2).integer)},
                 sends};
}

absl::StatusOr<ChallengeStore::Started> RedisChallengeStore::Start(
    const std::string& challenge_id, const Subject& subject, const std::string& code_mac,
    const std::string& client_address, absl::Time now) {
  return Run(challenge_id, subject, code_mac, client_address, now);
}

absl::StatusOr<ChallengeStore::Started> RedisChallengeStore::Resend(
    const std::string& challenge_id, const Subject& subject, const std::string& client_address,
    absl::Time now) {
  return Run(challenge_id, subject, "", client_address, now);
}

void RedisChallengeStore::Confirm(const Started& started) {
  redis_.Tell({"HDEL", KeyOf(started.challenge.challenge_id),
               absl::StrCat("pending:", started.send_number)});
}

absl::Status RedisChallengeStore::Cancel(const Started& started, const Subject& subject) {
  // The address's minute is not given back: whoever makes sends fail has made them all the same.
  return redis_
      .Eval(CancelScript(),
            KeysOf(started.challenge.challenge_id, subject, "", OwingOf(subject, "")),
            {absl::StrCat(started.send_number), started.challenge.challenge_id})
      .status();
}

absl::Status RedisChallengeStore::Forgive(const std::string& organisation_id,
                                          const std::string& mobile) {
  const auto [hour, day] = CountersOf(organisation_id, mobile);
  return redis_.Command({"DEL", hour, day}).status();
}

absl::Status RedisChallengeStore::ForgetOwed(const std::string& key) {
  const std::string at = kOwed + key;
  return redis_.Command({"DEL", at + ":owed", at + ":told"}).status();
}

absl::StatusOr<Subject> RedisChallengeStore::Find(const std::string& challenge_id) {
  ASSIGN_OR_RETURN(const RedisReply reply, redis_.Command({"HGET", KeyOf(challenge_id), "record"}));
  if (reply.kind != RedisReply::Kind::kString) return Expired();
  return Opened(key_, reply.string);
}

absl::StatusOr<ChallengeStore::Verified> RedisChallengeStore::Verify(
    const std::string& challenge_id, const std::string& code_mac, const std::string& nonce_mac,
    absl::Time now) {
  ASSIGN_OR_RETURN(const RedisReply reply,
                   redis_.Eval(VerifyScript(), {KeyOf(challenge_id)},
                               {Millis(now), code_mac, nonce_mac, Millis(kDoubleSubmit),
                                absl::StrCat(kWrongRepeats)}));
  const std::string outcome = reply.array.empty() ? "" : reply.array[0].string;
  if (outcome == "locked") return Locked();
  if (outcome != "ok" && outcome != "wrong") return Expired();
  CountOutcome(outcome.c_str());
  Verified verified;
  ASSIGN_OR_RETURN(verified.subject, Opened(key_, reply.array.back().string));
  if (outcome == "wrong") verified.attempts_left = static_cast<int>(reply.array.at(1).integer);
  return verified;
}

absl::StatusOr<int> RedisChallengeStore::EraseOf(const std::string& organisation_id,
                                                 const std::string& contact_id) {
  int erased = 0;
  std::string cursor = "0";
  do {
    ASSIGN_OR_RETURN(
        const RedisReply page,
        redis_.Command({"SCAN", cursor, "MATCH", absl::StrCat(kKeys, "*"), "COUNT", "1000"}));
    if (page.array.size() != 2) return absl::InternalError("redis: unexpected reply");
    cursor = page.array[0].string;
    for (const RedisReply& key : page.array[1].array) {
      ASSIGN_OR_RETURN(const RedisReply record, redis_.Command({"HGET", key.string, "record"}));
      if (record.kind != RedisReply::Kind::kString) continue;  // It has just ended.
      const auto subject = Opened(key_, record.string);
      if (!subject.ok() || subject->organisation_id != organisation_id) continue;
      if (subject->access.contact_id != contact_id) continue;
      RETURN_IF_ERROR(redis_.Command({"DEL", LiveKeyOf(*subject), key.string}).status());
      ++erased;
    }
  } while (cursor != "0");
  return erased;
}

}  // namespace gatehouse::identity
