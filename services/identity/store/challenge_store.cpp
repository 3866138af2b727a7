#include "services/identity/store/challenge_store.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"
#include "services/common/observe/metrics.h"

namespace gatehouse::identity {
namespace {

using absl::StatusCode;

// KEYS: the new challenge, the pointer from link and destination to the live one, the number's
// counters of the hour and of the day, the address's of the minute.
// ARGV: 1 now, 2 the new challenge's id (empty: a resend), 3 its MAC, 4 its sealed subject,
// 5 life, 6 cool-down, 7 to 9 the limits. Times in milliseconds.
// Answers {id, expire, resend, send number}, {'limit', wait} or {'expired'}. A send stays pending,
// and is asked for again by whoever comes, until it is confirmed.
const RedisScript& SendScript() {
  static const RedisScript script(R"lua(
    local now, key, id = tonumber(ARGV[1]), KEYS[1], ARGV[2]
    local fresh = id ~= ''
    local again = fresh and redis.call('HMGET', key, 'expire', 'resend', 'sends')
    if again and again[1] then
      local due = redis.call('HEXISTS', key, 'pending:' .. again[3]) == 1
      return {id, tonumber(again[1]), tonumber(again[2]), due and tonumber(again[3]) or 0}
    end
    if fresh then
      local live = redis.call('GET', KEYS[2])
      if live then
        local of_live = string.sub(KEYS[1], 1, -1 - #id) .. live
        local state = redis.call('HMGET', of_live, 'expire', 'done', 'tries')
        if state[1] and tonumber(state[1]) > now and not state[2] and tonumber(state[3]) > 0 then
          key, id, fresh = of_live, live, false
        end
      end
    end
    local expire, resend, sends = now + ARGV[5], 0, 0
    if not fresh then
      local state = redis.call('HMGET', key, 'expire', 'resend', 'sends', 'done', 'tries', 'id')
      if not state[1] or tonumber(state[1]) <= now or state[4] or tonumber(state[5]) <= 0 then
        return {'expired'}
      end
      expire, resend = tonumber(state[1]), tonumber(state[2])
      sends, id = tonumber(state[3]), state[6]
      if redis.call('HEXISTS', key, 'pending:' .. sends) == 1 then
        return {id, expire, resend, sends}
      end
      if now < resend then return {id, expire, resend, 0} end
    end
    for i = 3, 5 do
      if tonumber(redis.call('GET', KEYS[i]) or '0') >= tonumber(ARGV[i + 4]) then
        return {'limit', redis.call('PTTL', KEYS[i])}
      end
    end
    local spans = {[3] = 3600000, [4] = 86400000, [5] = 60000}
    for i = 3, 5 do
      if redis.call('INCR', KEYS[i]) == 1 then redis.call('PEXPIRE', KEYS[i], spans[i]) end
    end
    sends, resend = sends + 1, now + ARGV[6]
    if fresh then
      redis.call('HSET', key, 'id', id, 'mac', ARGV[3], 'subject', ARGV[4], 'tries', ARGV[10],
                 'expire', expire)
      redis.call('PEXPIRE', key, ARGV[5] * 2)
      redis.call('SET', KEYS[2], id, 'PX', ARGV[5])
    end
    redis.call('HSET', key, 'sends', sends, 'resend', resend, 'pending:' .. sends, 1)
    return {id, expire, resend, sends})lua");
  return script;
}

// KEYS as of a send; ARGV: 1 which send to take back.
const RedisScript& CancelScript() {
  static const RedisScript script(R"lua(
    for i = 3, 5 do
      if tonumber(redis.call('GET', KEYS[i]) or '0') > 0 then redis.call('DECR', KEYS[i]) end
    end
    if ARGV[1] == '1' then return redis.call('DEL', KEYS[1], KEYS[2]) end
    if redis.call('HDEL', KEYS[1], 'pending:' .. ARGV[1]) == 1 then
      redis.call('HSET', KEYS[1], 'resend', 0)
    end
    return 0)lua");
  return script;
}

// The attempt is counted before the comparison, and the right code consumes the challenge, all in
// one step. KEYS: the challenge. ARGV: 1 now, 2 MAC, 3 client, 4 the time for a double submit.
// Answers {'ok', subject}, {'wrong', left, subject}, {'locked'} or {'expired'}.
const RedisScript& VerifyScript() {
  static const RedisScript script(R"lua(
    local now = tonumber(ARGV[1])
    local state = redis.call('HMGET', KEYS[1], 'expire', 'tries', 'mac', 'done', 'client',
                             'subject')
    if not state[1] then return {'expired'} end
    if state[4] then
      local again = state[3] == ARGV[2] and state[5] == ARGV[3] and now < state[4] + ARGV[4]
      return again and {'ok', state[6]} or {'expired'}
    end
    if tonumber(state[1]) <= now then return {'expired'} end
    if tonumber(state[2]) <= 0 then return {'locked'} end
    local left = redis.call('HINCRBY', KEYS[1], 'tries', -1)
    if state[3] ~= ARGV[2] then return {'wrong', left, state[6]} end
    redis.call('HSET', KEYS[1], 'done', now, 'client', ARGV[3])
    return {'ok', state[6]})lua");
  return script;
}

std::string Millis(absl::Duration duration) {
  return absl::StrCat(absl::ToInt64Milliseconds(duration));
}
std::string Millis(absl::Time time) { return absl::StrCat(absl::ToUnixMillis(time)); }

std::string KeyOf(const std::string& challenge_id) { return "gatehouse:challenge:" + challenge_id; }

void CountOutcome(const char* outcome) {
  Count("gatehouse_challenges_total", {{"outcome", outcome}});
}

absl::Status Expired() {
  CountOutcome("expired");
  return Refuse(StatusCode::kFailedPrecondition, "CHALLENGE_EXPIRED",
                "the code has expired: ask for a new one");
}

absl::Status LimitReached(int64_t wait_ms) {
  CountOutcome("limited");
  return RefuseUntil("CODE_LIMIT_REACHED", "too many codes were sent: try again later",
                     absl::Milliseconds(std::max<int64_t>(wait_ms, 1000)));
}

// Fields cannot hold a unit separator: they come from validated requests.
constexpr char kSeparator = '\x1f';

std::string Pack(const Subject& s) {
  return absl::StrJoin(
      {s.organisation_id, s.link_id, s.mobile, s.email, s.organisation_name, s.portal_host,
       s.contact_name, s.access.case_id, s.access.contact_id, s.access.invitation_id,
       std::string(s.access.visibility == Visibility::kAll ? "all" : "own"),
       absl::StrJoin(s.access.document_request_ids, " "), std::string(s.settled ? "settled" : ""),
       s.owner_email},
      std::string(1, kSeparator));
}

absl::StatusOr<Subject> Unpack(const std::string& packed) {
  const std::vector<std::string> parts = absl::StrSplit(packed, kSeparator);
  if (parts.size() < 12) return absl::InternalError("a challenge's subject is broken");
  Subject s;
  s.organisation_id = parts[0];
  s.link_id = parts[1];
  s.mobile = parts[2];
  s.email = parts[3];
  s.organisation_name = parts[4];
  s.portal_host = parts[5];
  s.contact_name = parts[6];
  s.access = {parts[7], parts[8], parts[9],
              parts[10] == "all" ? Visibility::kAll : Visibility::kOwn,
              absl::StrSplit(parts[11], ' ', absl::SkipEmpty())};
  s.settled = parts.size() > 12 && parts[12] == "settled";
  s.owner_email = parts.size() > 13 ? parts[13] : "";
  return s;
}

}  // namespace

std::vector<std::string> RedisChallengeStore::KeysOf(const std::string& challenge_id,
                                                     const Subject& subject,
                                                     const std::string& client_address) const {
  // Redis learns neither numbers nor addresses.
  const auto hashed = [&](const std::string& text) {
    return Hex(HmacSha256(key_.Reveal(), text)).substr(0, 32);
  };
  const std::string number = hashed("number:" + subject.mobile);
  // Where no client asked there is no address to limit.
  const std::string& address = client_address.empty() ? challenge_id : client_address;
  return {KeyOf(challenge_id),
          "gatehouse:live:" + hashed(absl::StrCat(subject.organisation_id, ":", subject.link_id,
                                                  ":", subject.mobile)),
          "gatehouse:codes:hour:" + number, "gatehouse:codes:day:" + number,
          "gatehouse:codes:minute:" + hashed("address:" + address)};
}

absl::StatusOr<ChallengeStore::Started> RedisChallengeStore::Run(const std::string& challenge_id,
                                                                 const Subject& subject,
                                                                 const std::string& code_mac,
                                                                 const std::string& client_address,
                                                                 absl::Time now) {
  const bool fresh = !code_mac.empty();
  ASSIGN_OR_RETURN(
      const RedisReply reply,
      redis_.Eval(SendScript(), KeysOf(challenge_id, subject, client_address),
                  {Millis(now), fresh ? challenge_id : "", code_mac,
                   fresh ? Seal(key_, "subject", Pack(subject)) : "", Millis(kCodeLife),
                   Millis(kCoolDown), absl::StrCat(kCodesAnHour), absl::StrCat(kCodesADay),
                   absl::StrCat(kCodesAMinute), absl::StrCat(kTries)}));
  if (reply.array.empty()) return absl::InternalError("redis: unexpected reply");
  if (reply.array[0].string == "expired") return Expired();
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
            {absl::StrCat(started.send_number)})
      .status();
}

absl::StatusOr<Subject> RedisChallengeStore::Find(const std::string& challenge_id) {
  ASSIGN_OR_RETURN(const RedisReply reply,
                   redis_.Command({"HGET", KeyOf(challenge_id), "subject"}));
  if (reply.kind != RedisReply::Kind::kString) return Expired();
  ASSIGN_OR_RETURN(const std::string packed, Open(key_, "subject", reply.string));
  return Unpack(packed);
}

absl::StatusOr<ChallengeStore::Verified> RedisChallengeStore::Verify(
    const std::string& challenge_id, const std::string& code_mac, const std::string& client,
    absl::Time now) {
  ASSIGN_OR_RETURN(const RedisReply reply,
                   redis_.Eval(VerifyScript(), {KeyOf(challenge_id)},
                               {Millis(now), code_mac, client, Millis(kDoubleSubmit)}));
  const std::string outcome = reply.array.empty() ? "" : reply.array[0].string;
  if (outcome == "ok" || outcome == "wrong" || outcome == "locked") CountOutcome(outcome.c_str());
  if (outcome == "ok" || outcome == "wrong") {
    ASSIGN_OR_RETURN(const std::string packed, Open(key_, "subject", reply.array.back().string));
    ASSIGN_OR_RETURN(Subject subject, Unpack(packed));
    if (outcome == "ok") return Verified{std::move(subject), std::nullopt};
    return Verified{std::move(subject), static_cast<int>(reply.array.at(1).integer)};
  }
  if (outcome == "locked") {
    return Refuse(StatusCode::kResourceExhausted, "CHALLENGE_LOCKED",
                  "too many tries: ask for a new code");
  }
  return Expired();
}

}  // namespace gatehouse::identity
