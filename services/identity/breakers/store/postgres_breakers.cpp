#include "services/identity/breakers/store/postgres_breakers.h"

#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/postgres/sql.h"
#include "services/identity/store/audit.h"

namespace gatehouse::identity {
namespace {

constexpr char kBreaker[] = "breaker_id, country, client_address, open_time, last_time, reset_time";

// One that has held nothing back for a day begins anew, which is told: it is open since now.
constexpr auto kNote = Sql(
    "WITH held AS (INSERT INTO code_breaker AS b (organisation_id, breaker_id, key, country, "
    "client_address, open_time, last_time) VALUES ($1, $2, $3, $4, $5, now(), now()) "
    "ON CONFLICT (organisation_id, key) WHERE reset_time IS NULL DO UPDATE "
    "SET last_time = now(), open_time = CASE WHEN b.last_time < now() - interval '1 day' "
    "THEN now() ELSE b.open_time END "
    "RETURNING organisation_id, breaker_id, open_time = last_time AS begins), "
    "subject AS (SELECT organisation_id, breaker_id AS subject_id, ''::text AS case_id FROM held "
    "WHERE begins), ",
    Audit("$6", "codes.heldBack", "''", "''", "$7", "$8", "$9"), "SELECT FROM subject");

constexpr auto kFind =
    Sql("SELECT ", kBreaker,
        ", key FROM code_breaker WHERE organisation_id = $1 AND breaker_id = $2 FOR UPDATE");

constexpr auto kReset =
    Sql("WITH reset AS (UPDATE code_breaker SET reset_time = clock_timestamp() "
        "WHERE organisation_id = $1 AND breaker_id = $2 RETURNING *), "
        "subject AS (SELECT organisation_id, breaker_id AS subject_id, ''::text AS case_id "
        "FROM reset), ",
        Audit("$3", "codeBreaker.reset", "$4", "$5", "$6", "$7", "$8"), "SELECT ", kBreaker,
        " FROM reset");

Breaker BreakerFrom(const pqxx::row& row) {
  Breaker breaker = {.breaker_id = row["breaker_id"].c_str(),
                     .country = row["country"].c_str(),
                     .client_address = row["client_address"].c_str(),
                     .open_time = TimeFromSql(row["open_time"]),
                     .last_time = TimeFromSql(row["last_time"])};
  if (!row["reset_time"].is_null()) breaker.reset_time = TimeFromSql(row["reset_time"]);
  return breaker;
}

}  // namespace

absl::Status PostgresBreakers::Note(const HeldBack& held, const Call& call) {
  return postgres_.WriteOne(Rows::Of(held.organisation_id), [&](Transaction& tx) {
    tx.Exec(kNote.c_str(), held.organisation_id, NewId("brk"), held.key, held.country,
            held.client_address, NewId("aud"), call.client_address, call.request_id,
            call.client_request_id);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<Breaker>> PostgresBreakers::List(const std::string& organisation_id,
                                                            const Page& page) {
  using Result = absl::StatusOr<std::vector<Breaker>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Breaker> breakers;
    static constexpr auto kList =
        Sql("SELECT ", kBreaker,
            " FROM code_breaker WHERE organisation_id = $1 AND breaker_id < $2 "
            "ORDER BY breaker_id DESC LIMIT $3");
    for (const auto& row :
         tx.Exec(kList.c_str(), organisation_id, page.Below("brk"), page.limit())) {
      breakers.push_back(BreakerFrom(row));
    }
    return breakers;
  });
}

absl::StatusOr<Breaker> PostgresBreakers::Reset(const std::string& breaker_id, const Forget& forget,
                                                const Call& call) {
  const Caller& caller = call.caller;
  const std::string& id = caller.organisation_id;
  return postgres_.Write(Rows::Of(id), [&](Transaction& tx) -> absl::StatusOr<Breaker> {
    const auto found = tx.Exec(kFind.c_str(), id, breaker_id);
    if (found.empty()) return Refuse(common::v1::NOT_FOUND, "there is no such breaker");
    if (!found[0]["reset_time"].is_null()) return BreakerFrom(found[0]);
    RETURN_IF_ERROR(forget(found[0]["key"].c_str()));
    return BreakerFrom(tx.Exec(kReset.c_str(), id, breaker_id, NewId("aud"), caller.actor_id,
                               caller.actor_name, call.client_address, call.request_id,
                               call.client_request_id)[0]);
  });
}

}  // namespace gatehouse::identity
