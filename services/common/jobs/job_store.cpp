#include "services/common/jobs/job_store.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/common/base/crypto.h"
#include "services/common/observe/log.h"
#include "services/common/postgres/arrays.h"

namespace gatehouse {
namespace {

constexpr int kOrganisations = 128;

// In the order of the arrays: the numbers grow with it. Whether an earlier one waits is asked key
// by key, by the index, and once for each: NOT EXISTS would be answered from all that waits.
constexpr char kAdd[] = R"sql(
  INSERT INTO job (organisation_id, lane, kind, id, payload, order_key, traceparent, due_time,
                   attempts)
  SELECT organisation_id, lane, kind, id, payload, order_key, traceparent,
         CASE WHEN taken THEN clock_timestamp() + make_interval(secs => $10)
              ELSE greatest(due_time, clock_timestamp()) END,
         taken::int
  FROM (
    SELECT *, lane = ANY ($9::text[]) AND due_time = '-infinity' AND (
      SELECT number FROM job AS earlier WHERE earlier.organisation_id = added.organisation_id
        AND earlier.order_key = added.order_key AND earlier.order_key <> '' AND NOT earlier.dead
      LIMIT 1) IS NULL AS taken
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[],
                $7::text[], $8::timestamptz[]) WITH ORDINALITY
      AS added (organisation_id, lane, kind, id, payload, order_key, traceparent, due_time, place)
    OFFSET 0) AS added ORDER BY place
  RETURNING number, attempts)sql";

// From organisation to organisation by the index; of each the first that are due. Without any it
// says how far it looked. The time is now() and not clock_timestamp(), which no index can be
// searched by.
constexpr char kFindDue[] = R"sql(
  WITH RECURSIVE organisation AS (
    SELECT (SELECT organisation_id FROM job WHERE lane = $1 AND NOT dead AND NOT waits
              AND organisation_id > $2 ORDER BY organisation_id LIMIT 1) AS id, 1 AS place
    UNION ALL
    SELECT (SELECT organisation_id FROM job WHERE lane = $1 AND NOT dead AND NOT waits
              AND organisation_id > organisation.id ORDER BY organisation_id LIMIT 1), place + 1
    FROM organisation WHERE organisation.id IS NOT NULL AND place < $4)
  SELECT organisation.id, due.number FROM organisation LEFT JOIN LATERAL (
    SELECT number FROM job
    WHERE lane = $1 AND NOT dead AND NOT waits AND organisation_id = organisation.id
      AND due_time <= now()
    ORDER BY due_time, number
    LIMIT greatest(1, $3 / (SELECT count(id) FROM organisation))
    FOR UPDATE SKIP LOCKED) AS due ON true
  WHERE organisation.id IS NOT NULL ORDER BY place)sql";

// In a statement after the locks, so that it sees what ended meanwhile: who waits for a job that is
// gone already would wait for ever. A key's job may go with its earlier ones, if all of them are
// taken here. That the key is not empty is said twice, or job_order could not serve.
constexpr char kTake[] = R"sql(
  WITH found AS (
    SELECT number, order_key <> '' AND EXISTS (
      SELECT FROM job AS earlier WHERE earlier.organisation_id = job.organisation_id
        AND earlier.order_key = job.order_key AND earlier.order_key <> '' AND NOT earlier.dead
        AND earlier.number < job.number AND earlier.number <> ALL ($1::bigint[])) AS waits
    FROM job WHERE number = ANY ($1::bigint[]))
  UPDATE job SET waits = found.waits,
    due_time = CASE WHEN found.waits THEN due_time
                    ELSE clock_timestamp() + make_interval(secs => $2) END,
    attempts = attempts + (NOT found.waits)::int
  FROM found WHERE job.number = found.number
  RETURNING job.number, organisation_id, lane, kind, id, payload, order_key, attempts, traceparent,
            job.waits, set_config('synchronous_commit', 'off', true))sql";

constexpr char kRemove[] =
    "DELETE FROM job WHERE number = ANY ($1::bigint[]) "
    "RETURNING organisation_id, order_key, set_config('synchronous_commit', 'off', true)";

constexpr char kGiveUp[] =
    "UPDATE job SET dead = true, waits = false WHERE number = ANY ($1::bigint[]) "
    "RETURNING organisation_id, order_key";

// A statement after the commit of what ended: who found the key's next one before, and saw an
// earlier one, has its lock or has written that it waits. So this does not ask whether it does.
constexpr char kLetGo[] = R"sql(
  UPDATE job SET waits = false
  FROM unnest($1::text[], $2::text[]) AS ended (organisation_id, order_key)
  CROSS JOIN LATERAL (
    SELECT number FROM job WHERE organisation_id = ended.organisation_id
      AND order_key = ended.order_key AND order_key <> '' AND NOT dead
    ORDER BY number LIMIT 1) AS first
  WHERE job.number = first.number
  RETURNING set_config('synchronous_commit', 'off', true))sql";

// From key to key by the index: the first of each.
constexpr char kRepair[] = R"sql(
  WITH RECURSIVE first AS (
    (SELECT organisation_id, order_key, number, waits, 1 AS place FROM job
     WHERE order_key <> '' AND NOT dead AND (organisation_id, order_key) > ($1, $2)
     ORDER BY organisation_id, order_key, number LIMIT 1)
    UNION ALL
    SELECT following.*, place + 1 FROM first CROSS JOIN LATERAL (
      SELECT organisation_id, order_key, number, waits FROM job
      WHERE order_key <> '' AND NOT dead
        AND (organisation_id, order_key) > (first.organisation_id, first.order_key)
      ORDER BY organisation_id, order_key, number LIMIT 1) AS following
    WHERE place < $3),
  let_go AS (
    UPDATE job SET waits = false FROM first WHERE job.number = first.number AND first.waits)
  SELECT organisation_id, order_key, place FROM first ORDER BY place DESC LIMIT 1)sql";

constexpr char kPostpone[] =
    "UPDATE job SET due_time = clock_timestamp() + make_interval(secs => $2) WHERE number = $1";

constexpr char kGiveBack[] =
    "UPDATE job SET due_time = clock_timestamp(), attempts = attempts - 1 "
    "WHERE number = ANY ($1::bigint[])";

constexpr char kBacklog[] = R"sql(
  SELECT (SELECT count(*) FROM (SELECT FROM job WHERE NOT dead LIMIT $1) AS few) AS waiting,
         (SELECT count(*) FROM (SELECT FROM job WHERE dead LIMIT $1) AS few) AS dead,
         (SELECT coalesce(extract(epoch FROM now() - min(create_time)), 0) FROM (
            SELECT create_time, due_time, attempts FROM job WHERE NOT dead
            ORDER BY number LIMIT 1000) AS first
          WHERE attempts > 0 OR due_time <= now()) AS oldest)sql";

// Whether another one of the keys may go.
absl::StatusOr<bool> End(Postgres& postgres, const char* sql, const std::vector<int64_t>& numbers) {
  std::vector<std::string> organisations, keys;
  const auto end = [&](Transaction& transaction) -> absl::Status {
    for (const auto& row : transaction.Exec(sql, SqlArray(numbers))) {
      if (row["order_key"].size() == 0) continue;
      organisations.push_back(row["organisation_id"].c_str());
      keys.push_back(row["order_key"].c_str());
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(postgres.WriteOne(Rows::OfAll(), end));
  if (keys.empty()) return false;
  return postgres.WriteOne(Rows::OfAll(), [&](Transaction& transaction) -> absl::StatusOr<bool> {
    return !transaction.Exec(kLetGo, SqlArray(organisations), SqlArray(keys)).empty();
  });
}

}  // namespace

void JobStore::Add(Transaction& transaction, const std::vector<std::string>& lanes,
                   std::vector<Job>& jobs) const {
  if (jobs.empty()) return;
  const auto column = [&](const auto& of) {
    std::vector<std::string> values;
    for (const Job& job : jobs) values.push_back(of(job));
    return values;
  };
  const auto sealed = [&](const Job& job) { return Seal(key_, job.id, job.payload); };
  const auto rows = transaction.Exec(
      kAdd, SqlArray(column([](const Job& job) { return job.organisation_id; })),
      SqlArray(column([](const Job& job) { return job.lane; })),
      SqlArray(column([](const Job& job) { return job.kind; })),
      SqlArray(column([](const Job& job) { return job.id; })), SqlArrayOfBytes(column(sealed)),
      SqlArray(column([](const Job& job) { return job.key; })),
      SqlArray(column([](const Job& job) { return job.traceparent; })),
      SqlArray(column([](const Job& job) { return ToSql(job.due_time); })), SqlArray(lanes),
      absl::ToInt64Seconds(kJobLease));
  for (size_t i = 0; i < jobs.size(); ++i) {
    jobs[i].number = rows[i]["number"].as<int64_t>();
    jobs[i].attempts = rows[i]["attempts"].as<int>();
  }
}

absl::StatusOr<std::vector<Job>> JobStore::Take(const std::string& lane, int limit,
                                                std::string& organisation) const {
  std::string last;
  std::vector<Job> jobs;
  RETURN_IF_ERROR(postgres_.Write(Rows::OfAll(), [&](Transaction& transaction) -> absl::Status {
    last.clear();
    jobs.clear();
    std::vector<int64_t> due;
    std::set<std::string> looked;
    for (const auto& row : transaction.Exec(kFindDue, lane, organisation, limit, kOrganisations)) {
      last = row["id"].c_str();
      looked.insert(last);
      if (!row["number"].is_null()) due.push_back(row["number"].as<int64_t>());
    }
    if (looked.size() < kOrganisations) last.clear();
    if (due.empty()) return absl::OkStatus();
    const auto seconds = absl::ToInt64Seconds(kJobLease);
    for (const auto& row : transaction.Exec(kTake, SqlArray(due), seconds)) {
      if (row["waits"].as<bool>()) continue;
      Job job = {.organisation_id = row["organisation_id"].c_str(),
                 .lane = row["lane"].c_str(),
                 .kind = row["kind"].c_str(),
                 .id = row["id"].c_str(),
                 .payload = BytesFromSql(row["payload"]),
                 .key = row["order_key"].c_str(),
                 .traceparent = row["traceparent"].c_str(),
                 .number = row["number"].as<int64_t>(),
                 .attempts = row["attempts"].as<int>()};
      jobs.push_back(std::move(job));
    }
    return absl::OkStatus();
  }));
  organisation = last;
  std::sort(jobs.begin(), jobs.end(),
            [](const Job& a, const Job& b) { return a.number < b.number; });
  std::vector<Job> readable;
  for (Job& job : jobs) {
    auto payload = Open(key_, job.id, job.payload);
    if (payload.ok()) {
      job.payload = *std::move(payload);
      readable.push_back(std::move(job));
    } else {
      LogError("outbox.dead", {{"id", job.id}, {"method", job.kind}, {"code", "DATA_LOSS"}});
      RETURN_IF_ERROR(GiveUp(job.number).status());
    }
  }
  return readable;
}

absl::StatusOr<bool> JobStore::Remove(const std::vector<int64_t>& numbers) const {
  return End(postgres_, kRemove, numbers);
}

absl::StatusOr<bool> JobStore::GiveUp(int64_t number) const {
  return End(postgres_, kGiveUp, {number});
}

absl::Status JobStore::Postpone(int64_t number, absl::Duration wait) const {
  return postgres_.WriteOne(Rows::OfAll(), [&](Transaction& transaction) -> absl::Status {
    transaction.Exec(kPostpone, number, absl::ToDoubleSeconds(wait));
    return absl::OkStatus();
  });
}

absl::Status JobStore::GiveBack(const std::vector<int64_t>& numbers) const {
  if (numbers.empty()) return absl::OkStatus();
  return postgres_.WriteOne(Rows::OfAll(), [&](Transaction& transaction) -> absl::Status {
    transaction.Exec(kGiveBack, SqlArray(numbers));
    return absl::OkStatus();
  });
}

absl::Status JobStore::Repair(int keys, Cursor& cursor) const {
  return postgres_.WriteOne(Rows::OfAll(), [&](Transaction& transaction) -> absl::Status {
    const auto last = transaction.Exec(kRepair, cursor.organisation_id, cursor.key, keys);
    const bool more = !last.empty() && last[0]["place"].as<int>() == keys;
    cursor =
        more ? Cursor{last[0]["organisation_id"].c_str(), last[0]["order_key"].c_str()} : Cursor();
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<int64_t>> JobStore::Remaining(
    const std::vector<int64_t>& numbers) const {
  using Result = absl::StatusOr<std::vector<int64_t>>;
  return postgres_.Read(Rows::OfAll(), [&](Transaction& transaction) -> Result {
    std::vector<int64_t> remaining;
    for (const auto& row :
         transaction.Exec("SELECT number FROM job WHERE number = ANY ($1::bigint[]) AND NOT dead",
                          SqlArray(numbers))) {
      remaining.push_back(row["number"].as<int64_t>());
    }
    return remaining;
  });
}

absl::StatusOr<JobStore::Backlog> JobStore::Look() const {
  return postgres_.Read(Rows::OfAll(), [](Transaction& transaction) -> absl::StatusOr<Backlog> {
    const auto row = transaction.Exec(kBacklog, kMostCounted)[0];
    return Backlog{row["waiting"].as<int64_t>(), row["dead"].as<int64_t>(),
                   absl::Seconds(row["oldest"].as<double>())};
  });
}

}  // namespace gatehouse
