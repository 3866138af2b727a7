#include "services/common/jobs/job_store.h"

#include <algorithm>
#include <set>

#include "absl/time/clock.h"
#include "services/common/base/crypto.h"
#include "services/common/postgres/arrays.h"

namespace gatehouse {
namespace {

// A planner that sees an array knows how long it is, and then takes each one's own plan for cheaper
// than the one that it could keep: it made one for every execution, at three times what the
// statement itself costs. So wherever few come often, it sees `(SELECT $1)`.

// In the order of the arrays: the numbers grow with it. Whether an earlier one waits is asked key
// by key, by the index, and once for each: NOT EXISTS would be answered from all that waits.
constexpr char kAdd[] = R"sql(
  INSERT INTO job (organisation_id, lane, kind, id, payload, order_key, traceparent, priority,
                   expire_time, due_time, attempts)
  SELECT organisation_id, lane, kind, id, payload, order_key, traceparent, priority, expire_time,
         CASE WHEN taken THEN clock_timestamp() + make_interval(secs => lease)
              ELSE greatest(due_time, clock_timestamp()) END,
         taken::int
  FROM (
    SELECT added.*, lease, taking.name IS NOT NULL AND due_time = '-infinity' AND (
      SELECT number FROM job AS earlier WHERE earlier.organisation_id = added.organisation_id
        AND earlier.order_key = added.order_key AND earlier.order_key <> '' AND NOT earlier.dead
      LIMIT 1) IS NULL AS taken
    FROM unnest((SELECT $1::text[]), $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[],
                $7::text[], $8::bigint[], $9::timestamptz[], $10::timestamptz[])
      WITH ORDINALITY AS added (organisation_id, lane, kind, id, payload, order_key, traceparent,
                                priority, expire_time, due_time, place)
    LEFT JOIN unnest((SELECT $11::text[]), $12::bigint[]) AS taking (name, lease)
      ON taking.name = lane
    OFFSET 0) AS added ORDER BY place
  RETURNING number, attempts,
            CASE WHEN lane = ANY ($13::text[]) AND due_time <= clock_timestamp()
                 THEN pg_notify('gatehouse_' || current_schema(), lane) END)sql";

// From organisation to organisation by the index; of each the first that are due. Without any it
// says how far it looked. The time is now() and not clock_timestamp(), which no index can be
// searched by.
constexpr char kFindDue[] = R"sql(
  WITH RECURSIVE organisation AS (
    SELECT (SELECT organisation_id FROM job WHERE lane = $1 AND priority = $5 AND NOT dead
              AND NOT waits AND organisation_id > $2 ORDER BY organisation_id LIMIT 1) AS id,
           1 AS place
    UNION ALL
    SELECT (SELECT organisation_id FROM job WHERE lane = $1 AND priority = $5 AND NOT dead
              AND NOT waits AND organisation_id > organisation.id
            ORDER BY organisation_id LIMIT 1), place + 1
    FROM organisation WHERE organisation.id IS NOT NULL AND place < $4)
  SELECT organisation.id, due.number FROM organisation LEFT JOIN LATERAL (
    SELECT number FROM job
    WHERE lane = $1 AND priority = $5 AND NOT dead AND NOT waits
      AND organisation_id = organisation.id AND due_time <= now()
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
        AND earlier.number < job.number
        AND earlier.number <> ALL ((SELECT $1::bigint[])::bigint[])) AS waits
    FROM job WHERE number = ANY ((SELECT $1::bigint[])::bigint[]))
  UPDATE job SET waits = found.waits,
    due_time = CASE WHEN found.waits THEN due_time
                    ELSE clock_timestamp() + make_interval(secs => $2) END,
    attempts = attempts + (NOT found.waits)::int, paused = false
  FROM found WHERE job.number = found.number
  RETURNING job.number, organisation_id, lane, kind, id, payload, order_key, priority, attempts,
            failures, traceparent, create_time, job.waits,
            CASE WHEN isfinite(expire_time)
                 THEN extract(epoch FROM expire_time - clock_timestamp()) END AS life,
            set_config('synchronous_commit',
                       CASE WHEN $3 THEN current_setting('synchronous_commit') ELSE 'off' END,
                       true))sql";

constexpr char kRemove[] =
    "DELETE FROM job WHERE number = ANY ((SELECT $1::bigint[])::bigint[]) "
    "RETURNING organisation_id, order_key, set_config('synchronous_commit', 'off', true)";

// Of what is held one says no more than its holder may: `attempts` tells a lease from a later one.
constexpr char kGiveUp[] =
    "UPDATE job SET dead = true, waits = false, paused = false "
    "WHERE number = $1 AND attempts = $2 RETURNING organisation_id, order_key";

// A statement after the commit of what ended: who found the key's next one before, and saw an
// earlier one, has its lock or has written that it waits. So this does not ask whether it does.
constexpr char kLetGo[] = R"sql(
  UPDATE job SET waits = false
  FROM unnest((SELECT $1::text[]), $2::text[]) AS ended (organisation_id, order_key)
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

constexpr char kPostpone[] = R"sql(
  UPDATE job SET due_time = least(expire_time, clock_timestamp() + make_interval(secs => $3)),
                 failures = failures + (NOT $4)::int, paused = $4
  WHERE number = $1 AND attempts = $2 AND NOT dead)sql";

constexpr char kGiveBack[] = R"sql(
  UPDATE job SET due_time = clock_timestamp(), attempts = job.attempts - 1
  FROM unnest((SELECT $1::bigint[]), $2::bigint[]) AS held (number, attempts)
  WHERE job.number = held.number AND job.attempts = held.attempts AND NOT dead
  RETURNING pg_notify('gatehouse_' || current_schema(), lane))sql";

constexpr char kPause[] = R"sql(
  UPDATE job SET paused = true
  FROM unnest($1::bigint[], $2::bigint[]) AS held (number, attempts)
  WHERE job.number = held.number AND job.attempts = held.attempts AND NOT dead)sql";

constexpr char kResume[] =
    "UPDATE job SET due_time = clock_timestamp(), paused = false "
    "WHERE lane = $1 AND paused AND NOT dead";

constexpr char kBacklog[] = R"sql(
  SELECT count(*) AS waiting, coalesce(extract(epoch FROM now() - min(create_time)), 0) AS oldest,
         (SELECT count(*) FROM (SELECT FROM job WHERE lane = $1 AND dead LIMIT $2) AS few) AS dead
  FROM (SELECT create_time FROM job
        WHERE lane = $1 AND NOT dead AND NOT waits
          AND (attempts > 0 OR paused OR due_time <= now()) LIMIT $2) AS few)sql";

std::string Numbers(const std::vector<Job>& jobs) {
  std::vector<int64_t> numbers;
  for (const Job& job : jobs) numbers.push_back(job.number);
  return SqlArray(numbers);
}

std::string Attempts(const std::vector<Job>& jobs) {
  std::vector<int64_t> attempts;
  for (const Job& job : jobs) attempts.push_back(job.attempts);
  return SqlArray(attempts);
}

Job JobFrom(const pqxx::row& row, absl::Time begin, absl::Duration lease) {
  Job job = {.organisation_id = row["organisation_id"].c_str(),
             .lane = row["lane"].c_str(),
             .kind = row["kind"].c_str(),
             .id = row["id"].c_str(),
             .payload = BytesFromSql(row["payload"]),
             .key = row["order_key"].c_str(),
             .priority = static_cast<JobPriority>(row["priority"].as<int>()),
             .traceparent = row["traceparent"].c_str(),
             .number = row["number"].as<int64_t>(),
             .attempts = row["attempts"].as<int>(),
             .failures = row["failures"].as<int>(),
             .create_time = TimeFromSql(row["create_time"]),
             .held_until = begin + lease};
  if (!row["life"].is_null()) {
    job.expire_time = absl::Now() + absl::Seconds(row["life"].as<double>());
  }
  return job;
}

// Whether another one of the keys may go.
template <typename... Args>
absl::StatusOr<bool> End(Postgres& postgres, const char* sql, const Args&... args) {
  std::vector<std::string> organisations, keys;
  const auto end = [&](Transaction& transaction) -> absl::Status {
    for (const auto& row : transaction.Exec(sql, args...)) {
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

void JobStore::Add(Transaction& transaction, const std::map<std::string, absl::Duration>& lanes,
                   std::vector<Job>& jobs, const std::set<std::string>& told) const {
  if (jobs.empty()) return;
  const auto column = [&](const auto& of) {
    std::vector<decltype(of(jobs[0]))> values;
    for (const Job& job : jobs) values.push_back(of(job));
    return values;
  };
  const auto text = [&](const auto& of) { return SqlArray(column(of)); };
  std::vector<std::string> names;
  std::vector<int64_t> leases;
  for (const auto& [name, lease] : lanes) {
    names.push_back(name);
    leases.push_back(absl::ToInt64Seconds(lease));
  }
  const auto sealed = [&](const Job& job) { return Seal(key_, job.id, job.payload); };
  const auto rows = transaction.Exec(
      kAdd, text([](const Job& job) { return job.organisation_id; }),
      text([](const Job& job) { return job.lane; }), text([](const Job& job) { return job.kind; }),
      text([](const Job& job) { return job.id; }), SqlArrayOfBytes(column(sealed)),
      text([](const Job& job) { return job.key; }),
      text([](const Job& job) { return job.traceparent; }),
      text([](const Job& job) { return static_cast<int64_t>(job.priority); }),
      text([](const Job& job) { return ToSql(job.expire_time); }),
      text([](const Job& job) { return ToSql(job.due_time); }), SqlArray(names), SqlArray(leases),
      SqlArray(std::vector<std::string>(told.begin(), told.end())));
  for (size_t i = 0; i < jobs.size(); ++i) {
    jobs[i].number = rows[i]["number"].as<int64_t>();
    jobs[i].attempts = rows[i]["attempts"].as<int>();
  }
}

absl::StatusOr<std::vector<Job>> JobStore::Take(const JobClaim& claim,
                                                std::string& organisation) const {
  std::string last;
  std::vector<Job> jobs;
  const int priority = static_cast<int>(claim.priority);
  RETURN_IF_ERROR(postgres_.Write(Rows::OfAll(), [&](Transaction& transaction) -> absl::Status {
    last.clear();
    jobs.clear();
    const absl::Time begin = absl::Now();
    std::vector<int64_t> due;
    std::set<std::string> looked;
    for (const auto& row : transaction.Exec(kFindDue, claim.lane, organisation, claim.limit,
                                            claim.organisations, priority)) {
      last = row["id"].c_str();
      looked.insert(last);
      if (!row["number"].is_null()) due.push_back(row["number"].as<int64_t>());
    }
    if (static_cast<int>(looked.size()) < claim.organisations) last.clear();
    if (due.empty()) return absl::OkStatus();
    const double seconds = absl::ToDoubleSeconds(claim.lease);
    for (const auto& row : transaction.Exec(kTake, SqlArray(due), seconds, claim.durable)) {
      if (!row["waits"].as<bool>()) jobs.push_back(JobFrom(row, begin, claim.lease));
    }
    return absl::OkStatus();
  }));
  organisation = last;
  std::sort(jobs.begin(), jobs.end(),
            [](const Job& a, const Job& b) { return a.number < b.number; });
  for (Job& job : jobs) {
    auto payload = Open(key_, job.id, job.payload);
    job.readable = payload.ok();
    job.payload = payload.ok() ? *std::move(payload) : "";
  }
  return jobs;
}

absl::StatusOr<bool> JobStore::Remove(const std::vector<int64_t>& numbers) const {
  return End(postgres_, kRemove, SqlArray(numbers));
}

absl::StatusOr<bool> JobStore::GiveUp(const Job& job) const {
  return End(postgres_, kGiveUp, job.number, job.attempts);
}

absl::Status JobStore::Postpone(const Job& job, absl::Duration wait, bool paused) const {
  return postgres_.WriteOne(Rows::OfAll(), [&](Transaction& transaction) -> absl::Status {
    transaction.Exec(kPostpone, job.number, job.attempts, absl::ToDoubleSeconds(wait), paused);
    return absl::OkStatus();
  });
}

absl::Status JobStore::GiveBack(const std::vector<Job>& jobs) const {
  if (jobs.empty()) return absl::OkStatus();
  return postgres_.WriteOne(Rows::OfAll(), [&](Transaction& transaction) -> absl::Status {
    transaction.Exec(kGiveBack, Numbers(jobs), Attempts(jobs));
    return absl::OkStatus();
  });
}

absl::Status JobStore::Pause(const std::vector<Job>& jobs) const {
  if (jobs.empty()) return absl::OkStatus();
  return postgres_.WriteOne(Rows::OfAll(), [&](Transaction& transaction) -> absl::Status {
    transaction.Exec(kPause, Numbers(jobs), Attempts(jobs));
    return absl::OkStatus();
  });
}

absl::StatusOr<int> JobStore::Resume(const std::string& lane) const {
  return postgres_.WriteOne(Rows::OfAll(), [&](Transaction& transaction) -> absl::StatusOr<int> {
    return static_cast<int>(transaction.Exec(kResume, lane).affected_rows());
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
         transaction.Exec("SELECT number FROM job "
                          "WHERE number = ANY ((SELECT $1::bigint[])::bigint[]) AND NOT dead",
                          SqlArray(numbers))) {
      remaining.push_back(row["number"].as<int64_t>());
    }
    return remaining;
  });
}

absl::StatusOr<JobStore::Backlog> JobStore::LookAt(const std::string& lane) const {
  return postgres_.Read(Rows::OfAll(), [&](Transaction& transaction) -> absl::StatusOr<Backlog> {
    const auto row = transaction.Exec(kBacklog, lane, kMostCounted)[0];
    return Backlog{.waiting = row["waiting"].as<int64_t>(),
                   .dead = row["dead"].as<int64_t>(),
                   .oldest = absl::Seconds(row["oldest"].as<double>())};
  });
}

}  // namespace gatehouse
