#include "services/common/jobs/outbox.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>
#include <thread>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/time/clock.h"
#include "services/common/base/caller.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/base/wakeup.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse {
namespace {

constexpr int kBatch = 64;
constexpr size_t kRecent = 4096;
constexpr absl::Duration kPoll = absl::Seconds(1);
constexpr absl::Duration kCallTimeout = absl::Seconds(5);

struct Row {
  std::string organisation_id, number, id, method, sealed;
  int attempts = 0;
  std::string traceparent;
  absl::Status outcome = absl::UnknownError("not called");
};

// A claimed row is everybody else's again after ten seconds: longer than the call may take. Of the
// rows that share an order key only the first is ever due; that the key is not empty is said twice,
// or outbox_order could not serve. Neither this nor kDelete waits for the disk: what a crash of
// PostgreSQL takes back is delivered once more, under the same id.
constexpr char kClaim[] = R"sql(
  UPDATE outbox SET attempts = attempts + 1, next_attempt_time = now() + interval '10 seconds'
  WHERE number IN (
    SELECT number FROM outbox AS due
    WHERE NOT dead AND next_attempt_time <= now()
      AND (order_key = '' OR NOT EXISTS (
        SELECT FROM outbox AS earlier
        WHERE earlier.organisation_id = due.organisation_id
          AND earlier.order_key = due.order_key AND earlier.order_key <> ''
          AND earlier.number < due.number AND NOT earlier.dead))
    ORDER BY number LIMIT $1 FOR UPDATE SKIP LOCKED)
  RETURNING organisation_id, number, id, method, request, attempts, traceparent,
    set_config('synchronous_commit', 'off', true))sql";

constexpr char kDelete[] =
    "DELETE FROM outbox WHERE number = ANY ($1::bigint[]) "
    "RETURNING set_config('synchronous_commit', 'off', true)";

constexpr char kPostpone[] = R"sql(
  UPDATE outbox SET dead = $2, next_attempt_time = now() + make_interval(secs => $3)
  WHERE number = $1)sql";

constexpr char kBacklog[] = R"sql(
  SELECT count(*) FILTER (WHERE NOT dead), count(*) FILTER (WHERE dead),
         coalesce(extract(epoch FROM now() - min(create_time) FILTER (WHERE NOT dead)), 0)
  FROM outbox)sql";

// Whether asking again may help: the callee was away or failed, rather than refused.
bool MayRecover(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnauthenticated:
      return true;
    default:
      return false;
  }
}

double BackoffSeconds(int attempts) {
  const double full = std::min(60.0, 0.1 * std::pow(2, attempts - 1));
  return absl::Uniform(absl::BitGen(), full / 2, full);
}

}  // namespace

class Outbox::Relay {
 public:
  Relay(Postgres& postgres, Options options)
      : postgres_(postgres), options_(std::move(options)), thread_([this] { Run(); }) {}

  ~Relay() {
    stopping_ = true;
    wakeup_.Signal();
    thread_.join();
  }

  const Secret& key() const { return options_.key; }
  void Wake() { wakeup_.Signal(); }

  void Flush(const std::vector<std::string>& ids, absl::Duration patience) {
    wakeup_.Signal();
    std::unique_lock lock(mutex_);
    Waiter waiter;
    for (const std::string& id : ids) {
      if (recent_.count(id) == 0 && waiting_.emplace(id, &waiter).second) ++waiter.left;
    }
    waiter.none_left.wait_for(lock, absl::ToChronoMilliseconds(patience),
                              [&] { return waiter.left == 0; });
    for (const std::string& id : ids) waiting_.erase(id);
  }

 private:
  // Who waits for rows is woken by itself, once the last of them is delivered.
  struct Waiter {
    int left = 0;
    std::condition_variable none_left;
  };

  void Run() {
    while (!stopping_) {
      const auto delivered = DeliverBatch();
      if (!delivered.ok() || *delivered == 0) wakeup_.Wait(kPoll);
      Report();
    }
  }

  // How many rows left; an error while the database is away.
  absl::StatusOr<int> DeliverBatch() {
    std::vector<Row> rows;
    RETURN_IF_ERROR(
        postgres_.WriteOne(Rows::OfAll(), [&](Transaction& transaction) -> absl::Status {
          for (const auto& row : transaction.Exec(kClaim, kBatch)) {
            rows.push_back({row[0].as<std::string>(), row[1].as<std::string>(),
                            row[2].as<std::string>(), row[3].as<std::string>(),
                            BytesFromSql(row[4]), row[5].as<int>(), row[6].as<std::string>()});
          }
          return absl::OkStatus();
        }));
    if (rows.empty()) return 0;
    CallAll(rows);
    return Settle(rows);
  }

  void CallAll(std::vector<Row>& rows) {
    absl::BlockingCounter calls(static_cast<int>(rows.size()));
    for (Row& row : rows) {
      const auto done = [&row, &calls](absl::Status status) {
        row.outcome = std::move(status);
        calls.DecrementCount();
      };
      const auto request = Open(options_.key, row.id, row.sealed);
      const auto client = options_.services.find(ServiceOf(row.method));
      if (!request.ok()) {
        done(request.status());
      } else if (client == options_.services.end()) {
        done(absl::InternalError("no client for this service"));
      } else {
        Call call;
        call.trace = ParseTraceparent(row.traceparent).value_or(Trace());
        const CallScope scope(call);
        client->second->Start(row.method, row.organisation_id, *request, absl::Now() + kCallTimeout,
                              done);
      }
    }
    calls.Wait();
  }

  // gatehouse.cases.v1.CaseDirectory/AddNote → cases
  static std::string ServiceOf(const std::string& method) {
    const std::vector<std::string> parts = absl::StrSplit(method, '.');
    return parts.size() > 1 ? parts[1] : "";
  }

  absl::StatusOr<int> Settle(const std::vector<Row>& rows) {
    std::vector<std::string> gone;
    for (const Row& row : rows) {
      Count("gatehouse_outbox_deliveries_total",
            {{"method", row.method}, {"code", absl::StatusCodeToString(row.outcome.code())}});
      if (row.outcome.ok()) {
        gone.push_back(row.number);
        continue;
      }
      const bool dead = !MayRecover(row.outcome);
      (dead ? LogError : LogWarning)(dead ? "outbox.dead" : "outbox.postponed",
                                     {{"id", row.id},
                                      {"method", row.method},
                                      {"attempts", absl::StrCat(row.attempts)},
                                      {"code", absl::StatusCodeToString(row.outcome.code())},
                                      {"reason", ReasonOf(row.outcome)}});
      RETURN_IF_ERROR(
          postgres_.WriteOne(Rows::OfAll(), [&](Transaction& transaction) -> absl::Status {
            transaction.Exec(kPostpone, row.number, dead, BackoffSeconds(row.attempts));
            return absl::OkStatus();
          }));
    }
    RETURN_IF_ERROR(
        postgres_.WriteOne(Rows::OfAll(), [&](Transaction& transaction) -> absl::Status {
          transaction.Exec(kDelete, "{" + absl::StrJoin(gone, ",") + "}");
          return absl::OkStatus();
        }));
    const std::lock_guard lock(mutex_);
    for (const Row& row : rows) {
      if (!row.outcome.ok()) continue;
      recent_.insert(row.id);
      const auto waiter = waiting_.find(row.id);
      if (waiter == waiting_.end()) continue;
      if (--waiter->second->left == 0) waiter->second->none_left.notify_one();
      waiting_.erase(waiter);
    }
    // Ids sort by their time, so the oldest go first.
    while (recent_.size() > kRecent) recent_.erase(recent_.begin());
    return static_cast<int>(gone.size());
  }

  void Report() {
    if (absl::Now() < next_report_) return;
    next_report_ = absl::Now() + absl::Seconds(15);
    (void)postgres_.Read(Rows::OfAll(), [](Transaction& transaction) -> absl::Status {
      const auto rows = transaction.Exec(kBacklog);
      SetGauge("gatehouse_outbox_rows", {{"state", "due"}}, rows[0][0].as<double>());
      SetGauge("gatehouse_outbox_rows", {{"state", "dead"}}, rows[0][1].as<double>());
      SetGauge("gatehouse_outbox_oldest_seconds", {}, rows[0][2].as<double>());
      return absl::OkStatus();
    });
  }

  Postgres& postgres_;
  const Options options_;
  Wakeup wakeup_;
  std::mutex mutex_;
  std::set<std::string> recent_;  // Delivered lately: a row may be gone before Flush asks.
  std::map<std::string, Waiter*> waiting_;
  absl::Time next_report_ = absl::InfinitePast();
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

Outbox::Outbox(Postgres& postgres, Options options)
    : relay_(std::make_unique<Relay>(postgres, std::move(options))) {}
Outbox::~Outbox() = default;

std::string Outbox::Add(Transaction& transaction, const std::string& organisation_id,
                        absl::string_view method, const google::protobuf::Message& request,
                        const std::string& order_key) {
  const std::string id = NewId("out");
  const std::unique_ptr<google::protobuf::Message> named(request.New());
  named->CopyFrom(request);
  const auto* field = named->GetDescriptor()->FindFieldByName("request_id");
  std::string scratch;
  if (field != nullptr &&
      named->GetReflection()->GetStringReference(*named, field, &scratch).empty()) {
    named->GetReflection()->SetString(named.get(), field, id);
  }
  transaction.Exec(
      "INSERT INTO outbox (organisation_id, id, method, request, order_key, traceparent) "
      "VALUES ($1, $2, $3, $4, $5, $6)",
      organisation_id, id, std::string(method),
      Bytes(Seal(relay_->key(), id, named->SerializeAsString())), order_key,
      Call::Current().trace.Traceparent());
  return id;
}

void Outbox::Flush(const std::vector<std::string>& ids, absl::Duration patience) {
  relay_->Flush(ids, patience);
}

void Outbox::Wake() { relay_->Wake(); }

}  // namespace gatehouse
