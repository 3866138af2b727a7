#include "services/documents/removals/store/removal_store.h"

#include "absl/strings/str_cat.h"
#include "services/common/base/proto_time.h"

namespace gatehouse::documents {
namespace {

constexpr char kNote[] =
    "INSERT INTO removed_case (organisation_id, aside_id, remove_time) VALUES ($1, $2, $3) "
    "ON CONFLICT DO NOTHING";
// Before the rows of usage, as the collector, which holds such a row and waits for those.
constexpr char kLockLoose[] =
    "SELECT FROM loose_blob WHERE organisation_id = $1 AND case_id = $2 "
    "ORDER BY document_id FOR UPDATE";
// As whoever counts: the organisation's row first, then the case's, then the contacts'.
constexpr char kLock[] =
    "SELECT FROM usage WHERE organisation_id = $1 AND case_id IN ('', $2) "
    "ORDER BY case_id, contact_id FOR UPDATE";

// $3 is the aside's id, $4 the time of the removal.
constexpr const char* kAside[] = {
    "UPDATE document SET case_id = $3 WHERE organisation_id = $1 AND case_id = $2 "
    "AND create_time <= $4",
    "UPDATE document_request SET case_id = $3 WHERE organisation_id = $1 AND case_id = $2 "
    "AND create_time <= $4",
    // Nobody is asked to sign it any more.
    "UPDATE signature_request SET case_id = $3, next_look = 'infinity' WHERE organisation_id = $1 "
    "AND case_id = $2 AND create_time <= $4",
    "UPDATE loose_blob SET case_id = $3 WHERE organisation_id = $1 AND case_id = $2 "
    "AND create_time <= $4",
    // They live for 22 hours.
    "UPDATE upload SET case_id = $3 WHERE organisation_id = $1 AND case_id = $2 "
    "AND expire_time <= $4::timestamptz + interval '22 hours'"};

// What there is of both now is counted anew.
constexpr char kUncount[] =
    "UPDATE usage SET documents = 0, bytes = 0, requests = 0 "
    "WHERE organisation_id = $1 AND case_id IN ($2, $3)";
constexpr char kCount[] = R"sql(
  WITH held AS (
    SELECT case_id, CASE WHEN from_client THEN uploader_id ELSE '' END AS contact_id,
           1 AS documents, size_bytes AS bytes, 0 AS requests
    FROM document WHERE organisation_id = $1 AND case_id IN ($2, $3)
    UNION ALL
    SELECT case_id, contact_id, documents, bytes, 0
    FROM loose_blob WHERE organisation_id = $1 AND case_id IN ($2, $3)
    UNION ALL
    SELECT case_id, '', 0, 0, 1
    FROM document_request WHERE organisation_id = $1 AND case_id IN ($2, $3))
  INSERT INTO usage (organisation_id, case_id, contact_id, documents, bytes, requests)
  SELECT $1, case_id, '', sum(documents), sum(bytes), sum(requests) FROM held GROUP BY case_id
  UNION ALL
  SELECT $1, case_id, contact_id, sum(documents), sum(bytes), 0 FROM held WHERE contact_id <> ''
  GROUP BY case_id, contact_id
  ON CONFLICT (organisation_id, case_id, contact_id) DO UPDATE
    SET documents = excluded.documents, bytes = excluded.bytes, requests = excluded.requests)sql";

constexpr char kOfRemoved[] =
    "(organisation_id, case_id) IN "
    "(SELECT organisation_id, aside_id FROM removed_case WHERE remove_time < $1) ";

}  // namespace

absl::Status RemovalStore::PutAside(const std::string& organisation_id, const std::string& case_id,
                                    const cases::v1::CaseRemoval& removal) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    const std::string& aside = removal.aside_id();
    const std::string time = ToSql(gatehouse::FromProto(removal.remove_time()));
    tx.Exec(kNote, organisation_id, aside, time);
    tx.Exec(kLockLoose, organisation_id, case_id);
    tx.Exec(kLock, organisation_id, case_id);
    for (const char* sql : kAside) tx.Exec(sql, organisation_id, case_id, aside, time);
    tx.Exec(kUncount, organisation_id, case_id, aside);
    tx.Exec(kCount, organisation_id, case_id, aside);
    return absl::OkStatus();
  });
}

std::vector<Retention> RemovedCases(absl::Duration age) {
  return {{"document", absl::StrCat(kOfRemoved, R"sql(AND NOT EXISTS (
          SELECT FROM signature_request AS r WHERE r.organisation_id = document.organisation_id
            AND r.case_id = document.case_id AND r.state = 3 AND (
              document.document_id IN (r.document_id, r.sealed_document_id) OR EXISTS (
                SELECT FROM signer AS s WHERE s.organisation_id = r.organisation_id
                  AND s.signature_request_id = r.signature_request_id
                  AND s.signed_document_id = document.document_id))))sql"),
           age},
          {"signature_request", absl::StrCat(kOfRemoved, "AND state <> 3"), age},
          {"document_request", absl::StrCat(kOfRemoved, R"sql(AND NOT EXISTS (
          SELECT FROM document AS d WHERE d.organisation_id = document_request.organisation_id
            AND d.case_id = document_request.case_id
            AND d.document_request_id = document_request.document_request_id))sql"),
           age},
          // What is not collected yet is counted there.
          {"usage", absl::StrCat(kOfRemoved, R"sql(AND NOT EXISTS (
          SELECT FROM document AS d WHERE d.organisation_id = usage.organisation_id
            AND d.case_id = usage.case_id) AND documents = 0 AND bytes = 0)sql"),
           age},
          {"removed_case", R"sql(remove_time < $1 AND NOT EXISTS (
          SELECT FROM usage WHERE usage.organisation_id = removed_case.organisation_id
            AND usage.case_id = removed_case.aside_id) AND NOT EXISTS (
          SELECT FROM signature_request AS r
          WHERE r.organisation_id = removed_case.organisation_id
            AND r.case_id = removed_case.aside_id))sql",
           age}};
}

}  // namespace gatehouse::documents
