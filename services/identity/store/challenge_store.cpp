#include "services/identity/store/challenge_store.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "gatehouse/identity/v1/records.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"
#include "services/common/observe/metrics.h"
#include "services/common/text/network.h"
#include "services/common/text/sandbox.h"
#include "services/identity/domain/challenges.h"
#include "services/identity/subject_proto.h"

namespace gatehouse::identity {
namespace {

using absl::StatusCode;

// KEYS: 1 the new challenge or the one to resend, 2 the pointer from link and destination to the
// live one, the counters: 3 the number's of the hour and 4 of the day in its organisation, 5 the
// number's of the day in all, 6 the address's of the minute.
// ARGV: 1 now, 2 the new challenge's id (empty: a resend), 3 its MAC, 4 its sealed record, 5 a
// code's life, 6 cool-down, 7 the least life of a code that is sent, 8 the longest of all, 9 tries,
// 10 to 13 the limits. Times in milliseconds.
// Answers {id, expire, resend, send number}, {'limit', wait}, {'locked'} or {'expired'}. A send
// stays pending, and is asked for again by whoever comes, until it is confirmed.
const RedisScript& SendScript() {
  static const RedisScript script(R"lua(
    local now, key, id = tonumber(ARGV[1]), KEYS[1], ARGV[2]
    local fresh = id ~= ''
    local function read(at)
      local s = redis.call('HMGET', at, 'expire', 'resend', 'sends', 'done', 'tries', 'id', 'start')
      if not s[1] then return nil end
      local due = redis.call('HEXISTS', at, 'pending:' .. s[3]) == 1
      return {expire = tonumber(s[1]), resend = tonumber(s[2]), sends = tonumber(s[3]),
              done = s[4], tries = tonumber(s[5]), id = s[6], start = tonumber(s[7]), due = due}
    end
    local again = fresh and read(key)
    if again then return {id, again.expire, again.resend, again.due and again.sends or 0} end
    local live
    if fresh then
      local live_id = redis.call('GET', KEYS[2])
      local of_live = live_id and string.sub(key, 1, -1 - #id) .. live_id
      live = live_id and read(of_live)
      if live and (live.expire <= now or live.done or live.tries <= 0) then live = nil end
      if live then key = of_live end
    else
      live = read(key)
      if not live or live.expire <= now or live.done then return {'expired'} end
      if live.tries <= 0 then return {'locked'} end
    end
    if live and not live.due and now < live.resend then
      return {live.id, live.expire, live.resend, 0}
    end
    local expire, sends = now + ARGV[5], 0
    if live then
      expire, sends = math.max(live.expire, now + ARGV[7]), live.sends
      if expire > live.start + ARGV[8] then
        if not fresh then return {'expired'} end
        live, key, expire, sends = nil, KEYS[1], now + ARGV[5], 0
      end
    end
    if live and live.due then
      redis.call('HSET', key, 'expire', expire)
      return {live.id, expire, live.resend, sends}
    end
    local wait = 0
    for i = 3, 6 do
      if tonumber(redis.call('GET', KEYS[i]) or '0') >= tonumber(ARGV[i + 7]) then
        wait = math.max(wait, redis.call('PTTL', KEYS[i]), 1)
      end
    end
    if wait > 0 then return {'limit', wait} end
    local spans = {[3] = 3600000, [4] = 86400000, [5] = 86400000, [6] = 60000}
    for i = 3, 6 do
      if redis.call('INCR', KEYS[i]) == 1 then redis.call('PEXPIRE', KEYS[i], spans[i]) end
    end
    if not live then
      redis.call('HSET', key, 'id', id, 'mac', ARGV[3], 'record', ARGV[4], 'tries', ARGV[9],
                 'start', now)
      redis.call('PEXPIRE', key, ARGV[8] * 2)
      redis.call('SET', KEYS[2], id, 'PX', ARGV[8])
    end
    sends = sends + 1
    local resend = now + ARGV[6]
    redis.call('HSET', key, 'expire', expire, 'sends', sends, 'resend', resend,
               'pending:' .. sends, 1)
    return {live and live.id or id, expire, resend, sends})lua");
  return script;
}

// Whoever comes second, or after the send was confirmed, takes nothing back. KEYS as of a send;
// ARGV: 1 which send to take back, 2 the challenge's id.
const RedisScript& CancelScript() {
  static const RedisScript script(R"lua(
    if redis.call('HDEL', KEYS[1], 'pending:' .. ARGV[1]) == 0 then return 0 end
    for i = 3, 5 do
      if tonumber(redis.call('GET', KEYS[i]) or '0') > 0 then redis.call('DECR', KEYS[i]) end
    end
    if ARGV[1] ~= '1' then return redis.call('HSET', KEYS[1], 'resend', 0) end
    if redis.call('GET', KEYS[2]) == ARGV[2] then redis.call('DEL', KEYS[2]) end
    return redis.call('DEL', KEYS[1]))lua");
  return script;
}

// Every comparison is counted before it is made, and the right code consumes the challenge, all in
// one step. After that only the nonce of the right code's submit is compared, then the code:
// whoever shares the address and the browser of the client knows neither. KEYS: the challenge.
// ARGV: 1 now, 2 MAC, 3 the nonce's MAC (empty: none), 4 the time for a double submit, 5 how many
// wrong ones end it. Answers {'ok', record}, {'wrong', left, record}, {'locked'} or {'expired'}.
const RedisScript& VerifyScript() {
  static const RedisScript script(R"lua(
    local now = tonumber(ARGV[1])
    local state = redis.call('HMGET', KEYS[1], 'expire', 'tries', 'mac', 'done', 'nonce', 'record',
                             'repeats')
    if not state[1] or not state[6] then return {'expired'} end
    if state[4] then
      if state[5] == '' or now >= state[4] + ARGV[4] or tonumber(state[7]) <= 0 then
        return {'expired'}
      end
      redis.call('HINCRBY', KEYS[1], 'repeats', -1)
      if state[5] ~= ARGV[3] or state[3] ~= ARGV[2] then return {'expired'} end
      redis.call('HINCRBY', KEYS[1], 'repeats', 1)
      return {'ok', state[6]}
    end
    if tonumber(state[1]) <= now then return {'expired'} end
    if tonumber(state[2]) <= 0 then return {'locked'} end
    local left = redis.call('HINCRBY', KEYS[1], 'tries', -1)
    if state[3] ~= ARGV[2] then return {'wrong', left, state[6]} end
    redis.call('HSET', KEYS[1], 'done', now, 'nonce', ARGV[3], 'repeats', ARGV[5])
    return {'ok', state[6]})lua");
  return script;
}

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

absl::Status Locked() {
  CountOutcome("locked");
  return Refuse(v1::CHALLENGE_LOCKED,
                "too many wrong codes for this one: start the sign-in again for a new code");
}

constexpr char kContext[] = "challenge record";

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

std::vector<std::string> RedisChallengeStore::KeysOf(const std::string& challenge_id,
                                                     const Subject& subject,
                                                     const std::string& client_address) const {
  // Where no client asked there is no address to limit.
  const std::string address = client_address.empty() ? challenge_id : NetworkOf(client_address);
  const auto [hour, day] = CountersOf(subject.organisation_id, subject.Destination());
  // Nothing goes to a sandbox's numbers: what it does takes nothing from who has such a number.
  const std::string whose =
      IsSandbox(subject.organisation_id) ? subject.organisation_id + ":" : std::string();
  return {KeyOf(challenge_id),
          LiveKeyOf(subject),
          hour,
          day,
          "gatehouse:codes:all:" + Hashed("number:" + whose + subject.Destination()),
          "gatehouse:codes:minute:" + Hashed("address:" + address)};
}

absl::StatusOr<ChallengeStore::Started> RedisChallengeStore::Run(const std::string& challenge_id,
                                                                 const Subject& subject,
                                                                 const std::string& code_mac,
                                                                 const std::string& client_address,
                                                                 absl::Time now) {
  const bool fresh = !code_mac.empty();
  ASSIGN_OR_RETURN(
      const RedisReply reply,
      redis_.Eval(
          SendScript(), KeysOf(challenge_id, subject, client_address),
          {Millis(now), fresh ? challenge_id : "", code_mac, fresh ? Sealed(key_, subject) : "",
           Millis(kCodeLife), Millis(kCoolDown), Millis(kLeastLife), Millis(kLongestLife),
           absl::StrCat(kTries), absl::StrCat(kCodesAnHour), absl::StrCat(kCodesADay),
           absl::StrCat(kCodesADayByAll), absl::StrCat(kCodesAMinute)}));
  if (reply.array.empty()) return absl::InternalError("redis: unexpected reply");
  if (reply.array[0].string == "expired") return Expired();
  if (reply.array[0].string == "locked") return Locked();
  if (reply.array[0].string == "limit") return LimitReached(reply.array.at(1).integer);
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
      .Eval(CancelScript(), KeysOf(started.challenge.challenge_id, subject, "none"),
            {absl::StrCat(started.send_number), started.challenge.challenge_id})
      .status();
}

absl::Status RedisChallengeStore::Forgive(const std::string& organisation_id,
                                          const std::string& mobile) {
  const auto [hour, day] = CountersOf(organisation_id, mobile);
  return redis_.Command({"DEL", hour, day}).status();
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
