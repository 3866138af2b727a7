#include "services/identity/passwords/store/redis_limits.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "gatehouse/identity/v1/records.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"
#include "services/common/text/network.h"

namespace gatehouse::identity {
namespace {

constexpr char kContext[] = "password reset";

// KEYS: a counter. ARGV: 1 its span in milliseconds. Answers {count, what is left of the span}.
const RedisScript& CountScript() {
  static const RedisScript script(R"lua(
    local count = redis.call('INCR', KEYS[1])
    if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
    return {count, redis.call('PTTL', KEYS[1])})lua");
  return script;
}

struct Counted {
  int64_t count = 0;
  absl::Duration rest;
};

absl::StatusOr<Counted> CountOne(Redis& redis, const std::string& key, absl::Duration span) {
  ASSIGN_OR_RETURN(
      const RedisReply reply,
      redis.Eval(CountScript(), {key}, {absl::StrCat(absl::ToInt64Milliseconds(span))}));
  if (reply.array.size() != 2) return absl::InternalError("redis: unexpected reply");
  return Counted{reply.array[0].integer,
                 absl::Milliseconds(std::max<int64_t>(reply.array[1].integer, 1000))};
}

}  // namespace

std::string RedisPasswordLimits::Named(const std::string& what, const std::string& text) const {
  return absl::StrCat("gatehouse:password:", what, ":",
                      Hex(HmacSha256(key_.Reveal(), what + ":" + text)).substr(0, 32));
}

absl::Status RedisPasswordLimits::CountTry(const std::string& client_address) {
  if (client_address.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Counted counted,
                   CountOne(redis_, Named("tries", NetworkOf(client_address)), absl::Minutes(1)));
  if (counted.count <= kTriesAMinute) return absl::OkStatus();
  return RefuseUntil(v1::PASSWORD_LIMIT_REACHED, "too many passwords were tried: try again later",
                     counted.rest);
}

absl::StatusOr<bool> RedisPasswordLimits::MayTryElsewhere(const std::string& email_key,
                                                          bool count) {
  const std::string key = Named("elsewhere", email_key);
  if (count) return CountOne(redis_, key, absl::Hours(24)).status().ok();
  ASSIGN_OR_RETURN(const RedisReply reply, redis_.Command({"GET", key}));
  int64_t tried = 0;
  (void)absl::SimpleAtoi(reply.string, &tried);
  return tried < kElsewhereADay;
}

absl::StatusOr<bool> RedisPasswordLimits::KeepReset(const std::string& token_hash,
                                                    const PasswordKey& key, int64_t version) {
  ASSIGN_OR_RETURN(const Counted counted,
                   CountOne(redis_, Named("resets", key.organisation_id + ":" + key.account_id),
                            absl::Hours(1)));
  if (counted.count > kResetsAnHour) return false;
  v1::PasswordResetRecord record;
  record.set_organisation_id(key.organisation_id);
  record.set_email_key(key.email_key);
  record.set_account_id(key.account_id);
  record.set_version(version);
  RETURN_IF_ERROR(redis_
                      .Command({"SET", Named("reset", token_hash),
                                Seal(key_, kContext, record.SerializeAsString()), "PX",
                                absl::StrCat(absl::ToInt64Milliseconds(kResetLife))})
                      .status());
  return true;
}

absl::StatusOr<PasswordLimits::Reset> RedisPasswordLimits::FindReset(
    const std::string& token_hash) {
  ASSIGN_OR_RETURN(const RedisReply reply, redis_.Command({"GET", Named("reset", token_hash)}));
  if (reply.kind != RedisReply::Kind::kString) {
    return Refuse(v1::PASSWORD_RESET_EXPIRED,
                  "the link has served, or has expired: ask for another");
  }
  ASSIGN_OR_RETURN(const std::string bytes, Open(key_, kContext, reply.string));
  v1::PasswordResetRecord record;
  if (!record.ParseFromString(bytes)) return absl::DataLossError("a reset's record is broken");
  return Reset{{record.organisation_id(), record.email_key(), record.account_id()},
               record.version()};
}

}  // namespace gatehouse::identity
