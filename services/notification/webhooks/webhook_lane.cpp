#include "services/notification/webhooks/webhook_lane.h"

#include "services/common/base/caller.h"
#include "services/common/observe/metrics.h"
#include "services/common/rpc/worker_pool.h"
#include "services/notification/webhooks/store/postgres_webhooks.h"

namespace gatehouse::notification {
namespace {

const char* NameOf(const WebhookResult& result) {
  if (!result.failure.has_value()) return "taken";
  return *result.failure == WebhookFailure::kStatusNotOk ? "refused" : "unreachable";
}

// Counts what another one does.
class CountingPoster : public WebhookPoster {
 public:
  explicit CountingPoster(WebhookPoster& poster) : poster_(poster) {}
  WebhookResult Send(const WebhookPost& post) override {
    const WebhookResult result = poster_.Send(post);
    Count("gatehouse_webhook_attempts_total", {{"outcome", NameOf(result)}});
    return result;
  }

 private:
  WebhookPoster& poster_;
};

using MakePoster = std::function<std::unique_ptr<WebhookPoster>()>;

// The threads. Each makes its poster when it first has a turn, and keeps it.
class Threads {
 public:
  Threads(WebhookStore& store, int threads, MakePoster make_poster,
          std::function<void(const std::string&)> more)
      : store_(store),
        make_poster_(std::move(make_poster)),
        more_(std::move(more)),
        pool_("webhook", threads, threads) {}

  void Turn(const Job& job, const JobDone& done) {
    const Call call = Call::Current();
    const bool taken = pool_.Run([this, call, done, key = WebhookOf(job)] {
      const CallScope scope(call);
      done(Turn(key));
    });
    if (!taken) done(absl::AbortedError("no thread is free"));
  }

 private:
  absl::Status Turn(const WebhookKey& key) {
    thread_local std::unique_ptr<WebhookPoster> poster;
    if (poster == nullptr) poster = make_poster_();
    CountingPoster counting(*poster);
    const auto more = DeliverTurn(store_, counting, Clock(), key);
    // Our own store is to blame, never the lane's destination: there are as many as endpoints.
    if (!more.ok()) return absl::AbortedError(more.status().message());
    // Also where nothing more was seen: what happened just then was told while the turn lasted.
    more_(key.organisation_id);
    return absl::OkStatus();
  }

  WebhookStore& store_;
  const MakePoster make_poster_;
  const std::function<void(const std::string&)> more_;
  WorkerPool pool_;  // Last: its threads use the others.
};

}  // namespace

LaneOptions WebhookLane(WebhookStore& store, int threads, const MakePoster& make_poster,
                        std::function<void(const std::string&)> more) {
  const auto pool = std::make_shared<Threads>(store, threads, make_poster, std::move(more));
  LaneOptions lane;
  lane.work = [pool](const Job& job, JobDone done) { pool->Turn(job, done); };
  lane.at_once = threads;
  lane.handed = 2 * threads;
  lane.timeout = kWebhookTurn + kWebhookPatienceForAnswer + absl::Seconds(5);
  lane.lease = lane.timeout + absl::Seconds(20);
  lane.unreadable = true;  // There is nothing in it.
  return lane;
}

}  // namespace gatehouse::notification
