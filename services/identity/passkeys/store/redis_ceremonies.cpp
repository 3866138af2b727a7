#include "services/identity/passkeys/store/redis_ceremonies.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "gatehouse/identity/v1/records.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"
#include "services/common/text/network.h"
#include "services/identity/subject_proto.h"

namespace gatehouse::identity {
namespace {

constexpr char kContext[] = "passkey ceremony";

// KEYS: 1 the ceremony, 2 the address's counter of the minute. ARGV: 1 the sealed record, 2 its
// life, 3 the limit. Times in milliseconds. Answers how long to wait; 0: it is kept.
const RedisScript& KeepScript() {
  static const RedisScript script(R"lua(
    local count = redis.call('INCR', KEYS[2])
    if count == 1 then redis.call('PEXPIRE', KEYS[2], 60000) end
    if count > tonumber(ARGV[3]) then return math.max(redis.call('PTTL', KEYS[2]), 1) end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return 0)lua");
  return script;
}

std::string Record(const BegunCeremony& ceremony) {
  v1::PasskeyChallengeRecord record;
  record.set_organisation_id(ceremony.organisation_id);
  record.set_origin(ceremony.origin);
  record.set_host(ceremony.host);
  record.set_account_id(ceremony.account_id);
  record.set_session_id(ceremony.session_id);
  record.set_proven_by(ceremony.proven_by);
  if (ceremony.subject.has_value()) {
    *record.mutable_subject() = ToProto(*ceremony.subject);
    record.set_resets(ceremony.subject->resets);
  }
  return record.SerializeAsString();
}

}  // namespace

std::string RedisPasskeyCeremonies::Named(const std::string& what, const std::string& text) const {
  return absl::StrCat("gatehouse:passkey:", what, ":",
                      Hex(HmacSha256(key_.Reveal(), what + ":" + text)).substr(0, 32));
}

absl::Status RedisPasskeyCeremonies::Keep(const std::string& challenge_id,
                                          const BegunCeremony& ceremony,
                                          const std::string& client_address) {
  // Where no client asked there is no address to limit.
  const std::string address = client_address.empty() ? challenge_id : NetworkOf(client_address);
  ASSIGN_OR_RETURN(
      const RedisReply wait,
      redis_.Eval(KeepScript(), {Named("ceremony", challenge_id), Named("address", address)},
                  {Seal(key_, kContext, Record(ceremony)),
                   absl::StrCat(absl::ToInt64Milliseconds(kPasskeyCeremony)),
                   absl::StrCat(kCeremoniesAMinute)}));
  if (wait.integer == 0) return absl::OkStatus();
  return RefuseUntil(v1::PASSKEY_LIMIT_REACHED, "too many passkeys were asked for: wait a little",
                     absl::Milliseconds(std::max<int64_t>(wait.integer, 1000)));
}

absl::StatusOr<BegunCeremony> RedisPasskeyCeremonies::Take(const std::string& challenge_id) {
  ASSIGN_OR_RETURN(const RedisReply reply,
                   redis_.Command({"GETDEL", Named("ceremony", challenge_id)}));
  if (reply.kind != RedisReply::Kind::kString) {
    return Refuse(v1::CHALLENGE_EXPIRED,
                  "there is no such challenge, or not any more: begin again");
  }
  ASSIGN_OR_RETURN(const std::string bytes, Open(key_, kContext, reply.string));
  v1::PasskeyChallengeRecord record;
  if (!record.ParseFromString(bytes)) return absl::DataLossError("a ceremony's record is broken");
  BegunCeremony ceremony = {.organisation_id = record.organisation_id(),
                            .origin = record.origin(),
                            .host = record.host(),
                            .account_id = record.account_id(),
                            .session_id = record.session_id(),
                            .proven_by = record.proven_by()};
  if (record.has_subject()) {
    ceremony.subject = SubjectFrom(record.organisation_id(), record.subject());
    ceremony.subject->resets = record.resets();
  }
  return ceremony;
}

}  // namespace gatehouse::identity
