#include "services/identity/store/challenge_scripts.h"

#include "absl/strings/str_cat.h"

namespace gatehouse::identity {
namespace {

// What is owed and proved of a country or an address (breakers/domain/breaker.h), under its key:
// `:owed`, the numbers that were sent a code and have not proved one since, by when that was first;
// `:proved`, how many codes were proved, by the day and the hour. held() says for how long no other
// number is sent one, 0: it is.
constexpr char kHeld[] = R"lua(
    local hour, day, fortnight = 3600000, 86400000, 14 * 86400000
    local function held(key, now, settled, of_hour, of_day, under_way)
      local owed, best, recent = key .. ':owed', 0, 0
      redis.call('ZREMRANGEBYSCORE', owed, '-inf', now - day)
      local counts = redis.call('HGETALL', key .. ':proved')
      for i = 1, #counts, 2 do
        local unit, at = string.sub(counts[i], 1, 1), tonumber(string.sub(counts[i], 2))
        local count = tonumber(counts[i + 1])
        if unit == 'd' and at * day > now - fortnight then best = math.max(best, count) end
        if unit == 'h' and at * hour > now - 2 * hour then recent = math.max(recent, count) end
      end
      of_day = math.max(of_day, math.floor(best * 3 / 10))
      of_hour = math.max(of_hour, math.floor(of_day / 6), math.floor(recent * 3 / 10))
      local old, wait = now - settled, 0
      for span, most in pairs({[hour] = of_hour, [day] = of_day}) do
        local since = now - span
        if redis.call('ZCOUNT', owed, since, old) >= most then
          local first = redis.call('ZRANGEBYSCORE', owed, since, old, 'WITHSCORES', 'LIMIT', 0, 1)
          wait = math.max(wait, tonumber(first[2]) + span - now, 1)
        end
      end
      if redis.call('ZCOUNT', owed, old, '+inf') >= under_way then wait = math.max(wait, 60000) end
      return wait
    end
    local function owe(challenge, now, number)
      redis.call('HSET', challenge, 'number', number)
      for i = 8, 9 do
        local owed = KEYS[i] .. ':owed'
        redis.call('HSET', challenge, 'owed' .. i, KEYS[i])
        if redis.call('ZADD', owed, 'NX', now, number) == 1 then
          redis.call('HSET', challenge, 'first' .. i, owed)
        end
        redis.call('PEXPIRE', owed, day)
      end
    end)lua";

// prove() says that a challenge's number is owed nothing any more, and counts what it proved.
constexpr char kProve[] = R"lua(
    local hour, day, fortnight = 3600000, 86400000, 14 * 86400000
    local function prove(challenge, now)
      local state = redis.call('HMGET', challenge, 'number', 'owed8', 'owed9')
      if not state[1] then return end
      for i = 2, 3 do
        redis.call('ZREM', state[i] .. ':owed', state[1])
        local proved, fresh = state[i] .. ':proved', false
        for unit, span in pairs({d = day, h = hour}) do
          local field = unit .. math.floor(now / span)
          fresh = redis.call('HINCRBY', proved, field, 1) == 1 or fresh
        end
        redis.call('PEXPIRE', proved, fortnight + day)
        for _, field in ipairs(fresh and redis.call('HKEYS', proved) or {}) do
          local unit, at = string.sub(field, 1, 1), tonumber(string.sub(field, 2))
          local gone = unit == 'd' and at * day <= now - fortnight
          gone = gone or unit == 'h' and at * hour <= now - 2 * hour
          if gone then redis.call('HDEL', proved, field) end
        end
      end
    end)lua";

// KEYS: 1 the new challenge or the one to resend, 2 the pointer from link and destination to the
// live one, the counters: 3 the number's of the hour and 4 of the day in its organisation, 5 the
// number's of the day in all, 6 the organisation's of the day, 7 the address's of the minute; what
// is owed and proved of 8 the number's country and 9 the address in the organisation.
// ARGV: 1 now, 2 the new challenge's id (empty: a resend), 3 its MAC, 4 its sealed record, 5 a
// code's life, 6 cool-down, 7 the least life of a code that is sent, 8 the longest of all, 9 tries,
// 10 to 14 the limits, 15 the number as it is owed (empty: it is not), 16 and 17 the country's
// budget of an hour and a day, 18 and 19 the address's, 20 how many may be under way. Times in
// milliseconds. Answers {id, expire, resend, send number}, {'limit', wait}, {'held', 8 or 9, wait,
// whether to tell of it}, {'locked'} or {'expired'}. A send stays pending, and is asked for again
// by whoever comes, until it is confirmed.
constexpr char kSend[] = R"lua(
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
    for i = 3, 7 do
      if tonumber(redis.call('GET', KEYS[i]) or '0') >= tonumber(ARGV[i + 7]) then
        wait = math.max(wait, redis.call('PTTL', KEYS[i]), 1)
      end
    end
    if wait > 0 then return {'limit', wait} end
    if not live and ARGV[15] ~= '' then
      for i = 8, 9 do
        local at = i * 2
        wait = held(KEYS[i], now, ARGV[5], tonumber(ARGV[at]), tonumber(ARGV[at + 1]),
                    tonumber(ARGV[20]))
        if wait > 0 then
          local tell = redis.call('SET', KEYS[i] .. ':told', 1, 'NX', 'PX', 60000)
          return {'held', i, wait, tell and 1 or 0}
        end
      end
    end
    local spans = {[3] = 3600000, [4] = 86400000, [5] = 86400000, [6] = 86400000, [7] = 60000}
    for i = 3, 7 do
      if redis.call('INCR', KEYS[i]) == 1 then redis.call('PEXPIRE', KEYS[i], spans[i]) end
    end
    if not live then
      redis.call('HSET', key, 'id', id, 'mac', ARGV[3], 'record', ARGV[4], 'tries', ARGV[9],
                 'start', now)
      redis.call('PEXPIRE', key, ARGV[8] * 2)
      redis.call('SET', KEYS[2], id, 'PX', ARGV[8])
      if ARGV[15] ~= '' then owe(key, now, ARGV[15]) end
    end
    sends = sends + 1
    local resend = now + ARGV[6]
    redis.call('HSET', key, 'expire', expire, 'sends', sends, 'resend', resend,
               'pending:' .. sends, 1)
    return {live and live.id or id, expire, resend, sends})lua";

// Whoever comes second, or after the send was confirmed, takes nothing back. KEYS as of a send;
// ARGV: 1 which send to take back, 2 the challenge's id.
constexpr char kCancel[] = R"lua(
    if redis.call('HDEL', KEYS[1], 'pending:' .. ARGV[1]) == 0 then return 0 end
    for i = 3, 6 do
      if tonumber(redis.call('GET', KEYS[i]) or '0') > 0 then redis.call('DECR', KEYS[i]) end
    end
    if ARGV[1] ~= '1' then return redis.call('HSET', KEYS[1], 'resend', 0) end
    if redis.call('GET', KEYS[2]) == ARGV[2] then redis.call('DEL', KEYS[2]) end
    for _, owed in ipairs({'first8', 'first9'}) do
      local state = redis.call('HMGET', KEYS[1], owed, 'number')
      if state[1] then redis.call('ZREM', state[1], state[2]) end
    end
    return redis.call('DEL', KEYS[1]))lua";

// Every comparison is counted before it is made, and the right code consumes the challenge, all in
// one step. After that only the nonce of the right code's submit is compared, then the code:
// whoever shares the address and the browser of the client knows neither. KEYS: the challenge.
// ARGV: 1 now, 2 MAC, 3 the nonce's MAC (empty: none), 4 the time for a double submit, 5 how many
// wrong ones end it. Answers {'ok', record}, {'wrong', left, record}, {'locked'} or {'expired'}.
constexpr char kVerify[] = R"lua(
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
    prove(KEYS[1], now)
    return {'ok', state[6]})lua";

}  // namespace

const RedisScript& SendScript() {
  static const RedisScript script(absl::StrCat(kHeld, kSend));
  return script;
}

const RedisScript& CancelScript() {
  static const RedisScript script(kCancel);
  return script;
}

const RedisScript& VerifyScript() {
  static const RedisScript script(absl::StrCat(kProve, kVerify));
  return script;
}

}  // namespace gatehouse::identity
