#include "services/identity/audit/store/postgres_audit_chain.h"

#include "absl/strings/str_cat.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"
#include "services/common/postgres/arrays.h"
#include "services/common/postgres/sql.h"
#include "services/identity/store/audit_row.h"

namespace gatehouse::identity {
namespace {

constexpr int kOrganisations = 100;  // At once.

std::vector<std::string> Ids(const pqxx::result& rows) {
  std::vector<std::string> ids;
  for (const auto& row : rows) ids.emplace_back(row["organisation_id"].c_str());
  return ids;
}

}  // namespace

absl::StatusOr<int> PostgresAuditChain::Extend() {
  using Result = absl::StatusOr<std::vector<std::string>>;
  ASSIGN_OR_RETURN(const std::vector<std::string> organisations,
                   postgres_.Read(Rows::OfAll(), [](Transaction& tx) -> Result {
                     return Ids(
                         tx.Exec("SELECT DISTINCT organisation_id FROM audit_event "
                                 "WHERE number IS NULL LIMIT $1",
                                 kOrganisations));
                   }));
  int all = 0;
  for (const std::string& id : organisations) {
    const auto extended = ExtendOf(id);
    if (extended.ok()) {
      all += *extended;
    } else {
      // Of one organisation: the others' rows do not wait for it.
      LogWarning("audit chain", {{"organisation", id}, {"error", extended.status().ToString()}});
    }
  }
  return all;
}

absl::StatusOr<int> PostgresAuditChain::CountWaiting() {
  return postgres_.Read(Rows::OfAll(), [](Transaction& tx) -> absl::StatusOr<int> {
    const auto row = tx.Exec(
        "SELECT count(*) AS waiting FROM (SELECT FROM audit_event WHERE number IS NULL LIMIT $1) "
        "AS unplaced",
        kAuditWaitingMax)[0];
    return row["waiting"].as<int>();
  });
}

absl::StatusOr<int> PostgresAuditChain::ExtendOf(const std::string& organisation_id) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<int> {
    tx.Exec("INSERT INTO audit_chain (organisation_id) VALUES ($1) ON CONFLICT DO NOTHING",
            organisation_id);
    const auto head = tx.Exec(
        "SELECT number, hash FROM audit_chain WHERE organisation_id = $1 FOR UPDATE SKIP LOCKED",
        organisation_id);
    if (head.empty()) return 0;
    int64_t number = head[0]["number"].as<int64_t>();
    std::string hash = head[0]["hash"].c_str();
    std::vector<std::string> ids, hashes;
    static constexpr auto kExtendOf =
        Sql("SELECT ", kAuditEvent,
            " FROM audit_event WHERE organisation_id = $1 "
            "AND number IS NULL ORDER BY time, audit_event_id LIMIT $2");
    for (const auto& row : tx.Exec(kExtendOf.c_str(), organisation_id, kAuditRead)) {
      const AuditEvent event = AuditEventFrom(row);
      hash = AuditHash(AuditLine(organisation_id, ++number, hash, event));
      ids.push_back(event.audit_event_id);
      hashes.push_back(hash);
    }
    if (ids.empty()) return 0;
    const int count = static_cast<int>(ids.size());
    const auto placed = tx.Exec(
        "UPDATE audit_event AS e SET number = $2 + place.nth, hash = place.hash "
        "FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS place (id, hash, nth) "
        "WHERE e.organisation_id = $1 AND e.audit_event_id = place.id AND e.number IS NULL",
        organisation_id, number - count, SqlArray(ids), SqlArray(hashes));
    if (static_cast<int>(placed.affected_rows()) != count) {
      return absl::InternalError("rows of the audit trail were placed meanwhile");
    }
    tx.Exec("UPDATE audit_chain SET number = $2, hash = $3 WHERE organisation_id = $1",
            organisation_id, number, hash);
    return count;
  });
}

absl::StatusOr<int> PostgresAuditChain::Forget(absl::Time before) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  int all = 0;
  for (std::string last;;) {
    ASSIGN_OR_RETURN(const std::vector<std::string> organisations,
                     postgres_.Read(Rows::OfAll(), [&](Transaction& tx) -> Result {
                       return Ids(
                           tx.Exec("SELECT organisation_id FROM audit_chain "
                                   "WHERE organisation_id > $1 ORDER BY organisation_id LIMIT $2",
                                   last, kOrganisations));
                     }));
    if (organisations.empty()) break;
    for (const std::string& id : organisations) {
      ASSIGN_OR_RETURN(const int gone, ForgetOf(id, before));
      all += gone;
    }
    last = organisations.back();
  }
  Count("gatehouse_swept_rows_total", {{"table", "audit_event"}}, all);
  return all;
}

absl::StatusOr<int> PostgresAuditChain::ForgetOf(const std::string& organisation_id,
                                                 absl::Time before) {
  int all = 0;
  for (int gone = kAuditBatch; gone == kAuditBatch; all += gone) {
    ASSIGN_OR_RETURN(
        gone,
        postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<int> {
          const auto row = tx.Exec("SELECT forget_audit($1, $2, $3) AS gone", organisation_id,
                                   ToSql(before), kAuditBatch)[0];
          return row["gone"].as<int>();
        }));
  }
  return all;
}

absl::StatusOr<AuditHead> PostgresAuditChain::FindHead(const std::string& organisation_id) {
  return postgres_.Read(
      Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<AuditHead> {
        const auto row = tx.Exec(
            "SELECT coalesce(c.number, 0) AS number, coalesce(c.hash, $2) AS hash, "
            "coalesce(c.anchor_number, 0) AS anchor_number, "
            "coalesce(c.anchor_hash, $2) AS anchor_hash, "
            "(SELECT count(*) FROM (SELECT FROM audit_event WHERE organisation_id = $1 "
            "AND number IS NULL LIMIT $3) AS unplaced) AS waiting "
            "FROM (SELECT $1::text AS organisation_id) AS one "
            "LEFT JOIN audit_chain AS c USING (organisation_id)",
            organisation_id, std::string(kNoAuditHash), kAuditWaitingMax)[0];
        return AuditHead{.number = row["number"].as<int64_t>(),
                         .anchor_number = row["anchor_number"].as<int64_t>(),
                         .hash = row["hash"].c_str(),
                         .anchor_hash = row["anchor_hash"].c_str(),
                         .waiting = row["waiting"].as<int>()};
      });
}

absl::StatusOr<std::vector<AuditLink>> PostgresAuditChain::List(const std::string& organisation_id,
                                                                int64_t after, int most) {
  using Result = absl::StatusOr<std::vector<AuditLink>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<AuditLink> links;
    static constexpr auto kList =
        Sql("SELECT number, hash, ", kAuditEvent,
            " FROM audit_event WHERE organisation_id = $1 AND number > $2 "
            "ORDER BY number LIMIT $3");
    for (const auto& row : tx.Exec(kList.c_str(), organisation_id, after, most)) {
      links.push_back({row["number"].as<int64_t>(), row["hash"].c_str(), AuditEventFrom(row)});
    }
    return links;
  });
}

}  // namespace gatehouse::identity
