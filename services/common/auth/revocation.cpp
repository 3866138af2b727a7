#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "services/common/auth/auth.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"
#include "services/common/redis/redis.h"

namespace gatehouse {
namespace {

constexpr char kChannel[] = "gatehouse:revoked";
constexpr absl::Duration kPatience = absl::Milliseconds(250);

}  // namespace

// A message is the key of a list to acknowledge in, `|`, and the ids, separated by commas.
class RevocationListener::State {
 public:
  State(CachingAuthenticator& authenticator, Redis& redis, const Secret& url)
      : gauge_([&authenticator] {
          SetGauge("gatehouse_revocations_unheard_seconds", {},
                   absl::ToDoubleSeconds(authenticator.Unheard()));
        }),
        subscriber_(
            url, kChannel,
            {.on_message =
                 [&authenticator, &redis](const std::string& message) {
                   const std::vector<std::string> parts = absl::StrSplit(message, '|');
                   if (parts.size() != 2) return;
                   authenticator.Revoke(absl::StrSplit(parts[1], ',', absl::SkipEmpty()));
                   (void)redis.Command({"LPUSH", parts[0], "1"});
                   (void)redis.Command({"PEXPIRE", parts[0], "5000"});
                 },
             .on_gap = [&authenticator] { authenticator.Clear(); },
             .on_alive = [&authenticator](absl::Duration ago) { authenticator.Heard(ago); }}) {}

 private:
  const GaugeSource gauge_;
  RedisSubscriber subscriber_;
};

RevocationListener::RevocationListener(CachingAuthenticator& authenticator, Redis& redis,
                                       const Secret& redis_url)
    : state_(std::make_unique<State>(authenticator, redis, redis_url)) {}
RevocationListener::~RevocationListener() = default;

absl::Status PublishRevocation(Redis& redis, const std::vector<std::string>& ids) {
  if (ids.empty()) return absl::OkStatus();
  const std::string key = "gatehouse:revoked:" + NewId("ack");
  ASSIGN_OR_RETURN(
      const RedisReply listeners,
      redis.Command({"PUBLISH", kChannel, absl::StrCat(key, "|", absl::StrJoin(ids, ","))}));
  const absl::Time begin = absl::Now(), deadline = begin + kPatience;
  int64_t heard = 0;
  while (true) {
    ASSIGN_OR_RETURN(const RedisReply acknowledged, redis.Command({"LLEN", key}));
    heard = acknowledged.integer;
    if (heard >= listeners.integer || absl::Now() >= deadline) break;
    absl::SleepFor(absl::Milliseconds(1));
  }
  Observe("gatehouse_revocation_seconds", {}, absl::ToDoubleSeconds(absl::Now() - begin));
  if (heard < listeners.integer) {
    LogWarning("revocation.slow", {{"listeners", absl::StrCat(listeners.integer)}});
  }
  return absl::OkStatus();
}

}  // namespace gatehouse
