#include "services/documents/erasure/store/erasure_store.h"

#include <set>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "gatehouse/documents/v1/events.pb.h"
#include "gatehouse/documents/v1/signing_events.pb.h"
#include "services/common/jobs/events.h"
#include "services/common/postgres/arrays.h"
#include "services/common/postgres/sql.h"

namespace gatehouse::documents {
namespace {

using common::v1::EraseContactResponse;
using common::v1::Subject;

// $1 is the organisation, $2 the cases, and $3 the contact, in each statement but as it says.
constexpr char kOfCases[] = " organisation_id = $1 AND case_id = ANY ($2::text[]) ";
constexpr char kSigns[] =
    " EXISTS (SELECT FROM signer AS s WHERE s.organisation_id = r.organisation_id "
    "AND s.signature_request_id = r.signature_request_id AND s.contact_id = $3) ";

constexpr char kCases[] =
    "SELECT DISTINCT case_id FROM usage WHERE organisation_id = $1 AND contact_id = $2 LIMIT 10000";
// Before the rows of usage, as the collector, which holds such a row and waits for those.
constexpr char kLockLoose[] =
    "SELECT FROM loose_blob WHERE organisation_id = $1 AND case_id = ANY ($2::text[]) "
    "ORDER BY document_id FOR UPDATE";
// The organisation's row first, then each case's, then the contacts', as whoever counts.
constexpr char kLock[] =
    "SELECT FROM usage WHERE organisation_id = $1 AND (case_id = '' OR case_id = ANY ($2::text[])) "
    "ORDER BY case_id, contact_id FOR UPDATE";

// A signing that is completed is a contract: the request, what was signed, and its evidence.
constexpr auto kKept = Sql(R"sql(
  SELECT signature_request_id, document_id, sealed_document_id, array_to_string(array(
    SELECT signed_document_id FROM signer AS signed WHERE signed.organisation_id = $1
      AND signed.signature_request_id = r.signature_request_id), ' ') AS signed_document_ids
  FROM signature_request AS r WHERE)sql",
                           kOfCases, "AND state = 3 AND", kSigns);

constexpr auto kSignings = Sql(R"sql(
  WITH gone AS (
    DELETE FROM signature_request AS r WHERE)sql",
                               kOfCases, "AND state <> 3 AND", kSigns, R"sql(
    RETURNING signature_request_id, case_id, document_id, state IN (1, 2) AS open),
  loose AS (
    INSERT INTO loose_blob (organisation_id, document_id, create_time)
    SELECT $1, signature_request_id, 'epoch' FROM gone ON CONFLICT DO NOTHING)
  SELECT * FROM gone ORDER BY case_id, signature_request_id)sql");

// $4: what is kept. Counted no more, like CountUsage().
constexpr auto kItsOwn = Sql(kOfCases,
                             "AND (from_client AND uploader_id = $3 OR share_time IS NOT NULL AND "
                             "shared_contact_id = $3) ");
constexpr auto kDocuments = Sql(R"sql(
  WITH gone AS (
    DELETE FROM document WHERE)sql",
                                kItsOwn, R"sql(AND document_id <> ALL ($4::text[])
    RETURNING document_id, case_id, from_client, uploader_id, size_bytes),
  loose AS (
    INSERT INTO loose_blob (organisation_id, document_id, create_time)
    SELECT $1, document_id, 'epoch' FROM gone ON CONFLICT DO NOTHING),
  counted AS (
    SELECT of.case_id, of.contact_id, count(*) AS documents, sum(size_bytes)::bigint AS bytes
    FROM gone CROSS JOIN LATERAL (
      VALUES ('', ''), (gone.case_id, ''),
             (gone.case_id, CASE WHEN from_client THEN uploader_id END)) AS of (case_id, contact_id)
    WHERE of.contact_id IS NOT NULL GROUP BY of.case_id, of.contact_id),
  used AS (
    UPDATE usage AS u SET documents = u.documents - counted.documents,
                          bytes = u.bytes - counted.bytes
    FROM counted WHERE u.organisation_id = $1 AND u.case_id = counted.case_id
      AND u.contact_id = counted.contact_id)
  SELECT document_id, case_id, from_client FROM gone ORDER BY case_id, document_id)sql");
constexpr auto kDocumentsKept = Sql("SELECT count(*) AS kept FROM document WHERE", kItsOwn,
                                    "AND document_id = ANY ($4::text[])");

constexpr auto kUnask =
    Sql("UPDATE document SET document_request_id = NULL WHERE", kOfCases,
        "AND document_request_id IN (SELECT document_request_id FROM document_request WHERE",
        kOfCases, "AND contact_id = $3)");
constexpr auto kRequests = Sql(R"sql(
  WITH gone AS (
    DELETE FROM document_request WHERE)sql",
                               kOfCases, R"sql(AND contact_id = $3 RETURNING case_id),
  used AS (
    UPDATE usage AS u SET requests = u.requests - counted.requests
    FROM (SELECT case_id, count(*) AS requests FROM gone GROUP BY case_id) AS counted
    WHERE u.organisation_id = $1 AND u.case_id = counted.case_id AND u.contact_id = '')
  SELECT count(*) AS gone FROM gone)sql");
// $1 and $2 alone: what only the contact had answered is to be answered again.
constexpr auto kUnanswered = Sql(R"sql(
  UPDATE document_request AS r SET state = 1 WHERE)sql",
                                 kOfCases, R"sql(AND state = 2
    AND unavailable_reason = '' AND NOT EXISTS (
      SELECT FROM document AS d WHERE d.organisation_id = r.organisation_id
        AND d.case_id = r.case_id AND d.document_request_id = r.document_request_id))sql");

constexpr auto kParts = Sql(R"sql(
  UPDATE loose_blob SET create_time = 'epoch' WHERE organisation_id = $1 AND document_id IN (
    SELECT part_id FROM upload_part JOIN upload USING (organisation_id, upload_id)
    WHERE)sql",
                            kOfCases, "AND from_client AND uploader_id = $3)");
// What it took back before.
constexpr auto kRemoved =
    Sql("UPDATE loose_blob SET create_time = 'epoch' WHERE", kOfCases, "AND contact_id = $3");
constexpr auto kUploads =
    Sql("DELETE FROM upload WHERE", kOfCases, "AND from_client AND uploader_id = $3");

// $3 is the pattern by which texts name the contact; of documents, $4 is what is kept.
// What is searched names it as well, in another spelling: it is made anew from what is left.
constexpr auto kNames = Sql(R"sql(
  UPDATE document AS d SET filename = regexp_replace(filename, $3, 'erased', 'gi'),
    label = regexp_replace(label, $3, '[erased]', 'gi'),
    search_text = lower(regexp_replace(filename || E'\n' || label, $3, 'erased', 'gi'))
  WHERE)sql",
                            kOfCases, R"sql(AND document_id <> ALL ($4::text[])
    AND (filename ~* $3 OR label ~* $3 OR EXISTS (
      SELECT FROM document_request AS r WHERE r.organisation_id = d.organisation_id
        AND r.document_request_id = d.document_request_id AND r.title ~* $3)))sql");
constexpr const char* kTexts[] = {
    kSqlText<Sql("UPDATE document_request SET title = regexp_replace(title, $3, '[erased]', 'gi') "
                 "WHERE",
                 kOfCases, "AND title ~* $3")>,
    kSqlText<Sql(
        "UPDATE document_request SET return_reason = regexp_replace(return_reason, $3, '[erased]', "
        "'gi') WHERE",
        kOfCases, "AND return_reason ~* $3")>,
    kSqlText<Sql(
        "UPDATE document_request SET unavailable_reason = regexp_replace(unavailable_reason, $3, "
        "'[erased]', 'gi') WHERE",
        kOfCases, "AND unavailable_reason ~* $3")>};

// What was gathered of it goes, ready or not: a job of it finds nothing to go on with.
constexpr char kExports[] =
    "DELETE FROM contact_export WHERE organisation_id = $1 AND contact_id = $2";

int64_t Affected(const pqxx::result& rows) { return static_cast<int64_t>(rows.affected_rows()); }

// What happens to documents of a case is told in its order: its row is held.
template <typename Event>
void Tell(const Event& event, const std::string& case_id, OutboxCalls& calls) {
  AddEvent(event, {.case_id = case_id, .time = absl::Now(), .order_key = case_id, .once = ""},
           calls);
}

}  // namespace

// Whose, where, and which documents stay.
struct ErasureStore::Scope {
  std::string organisation_id, contact_id, cases, kept, pattern;
};

void ErasureStore::EraseSignings(Transaction& tx, const Scope& scope, OutboxCalls& calls,
                                 EraseContactResponse& receipt) {
  const auto gone =
      tx.Exec(kSignings.c_str(), scope.organisation_id, scope.cases, scope.contact_id);
  for (const auto& row : gone) {
    if (!row["open"].as<bool>()) continue;
    v1::SignatureVoided event;
    event.set_signature_request_id(row["signature_request_id"].c_str());
    event.set_document_id(row["document_id"].c_str());
    Tell(event, row["case_id"].c_str(), calls);
  }
  AddErased(common::v1::SIGNATURE_REQUEST, static_cast<int64_t>(gone.size()), receipt);
}

void ErasureStore::EraseDocuments(Transaction& tx, const Scope& scope, OutboxCalls& calls,
                                  EraseContactResponse& receipt) {
  const std::string& id = scope.organisation_id;
  const auto gone = tx.Exec(kDocuments.c_str(), id, scope.cases, scope.contact_id, scope.kept);
  for (const auto& row : gone) {
    v1::DocumentDeleted event;
    event.set_document_id(row["document_id"].c_str());
    if (row["from_client"].as<bool>()) event.set_contact_id(scope.contact_id);
    Tell(event, row["case_id"].c_str(), calls);
  }
  AddErased(common::v1::DOCUMENT, static_cast<int64_t>(gone.size()), receipt);
  const auto kept = tx.Exec(kDocumentsKept.c_str(), id, scope.cases, scope.contact_id, scope.kept);
  AddKept(common::v1::DOCUMENT, kept[0]["kept"].as<int64_t>(), common::v1::CONTRACT, receipt);
  tx.Exec(kUnask.c_str(), id, scope.cases, scope.contact_id);
  const auto requests = tx.Exec(kRequests.c_str(), id, scope.cases, scope.contact_id);
  AddErased(common::v1::DOCUMENT_REQUEST, requests[0]["gone"].as<int64_t>(), receipt);
  tx.Exec(kUnanswered.c_str(), id, scope.cases);
  tx.Exec(kParts.c_str(), id, scope.cases, scope.contact_id);
  tx.Exec(kRemoved.c_str(), id, scope.cases, scope.contact_id);
  AddErased(common::v1::UPLOAD,
            Affected(tx.Exec(kUploads.c_str(), id, scope.cases, scope.contact_id)), receipt);
}

absl::StatusOr<EraseContactResponse> ErasureStore::Erase(const std::string& organisation_id,
                                                         const Subject& subject) {
  using Result = absl::StatusOr<EraseContactResponse>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    Scope scope = {.organisation_id = organisation_id,
                   .contact_id = subject.contact_id(),
                   .pattern = NamingPattern(subject)};
    std::set<std::string> case_ids(subject.case_ids().begin(), subject.case_ids().end());
    for (const auto& row : tx.Exec(kCases, organisation_id, scope.contact_id)) {
      case_ids.insert(row["case_id"].c_str());
    }
    scope.cases = SqlArray(ListOf(case_ids));
    tx.Exec(kLockLoose, organisation_id, scope.cases);
    tx.Exec(kLock, organisation_id, scope.cases);
    std::vector<std::string> kept;
    const auto contracts = tx.Exec(kKept.c_str(), organisation_id, scope.cases, scope.contact_id);
    for (const auto& row : contracts) {
      kept.emplace_back(row["document_id"].c_str());
      kept.emplace_back(row["sealed_document_id"].c_str());
      for (const absl::string_view signed_id :
           absl::StrSplit(row["signed_document_ids"].c_str(), ' ', absl::SkipEmpty())) {
        kept.emplace_back(signed_id);
      }
    }
    scope.kept = SqlArray(kept);
    EraseContactResponse receipt;
    AddKept(common::v1::SIGNATURE_REQUEST, static_cast<int64_t>(contracts.size()),
            common::v1::CONTRACT, receipt);
    OutboxCalls calls(organisation_id);
    EraseSignings(tx, scope, calls, receipt);
    EraseDocuments(tx, scope, calls, receipt);
    if (!scope.pattern.empty()) {
      int64_t named = Affected(
          tx.Exec(kNames.c_str(), organisation_id, scope.cases, scope.pattern, scope.kept));
      for (const char* sql : kTexts) {
        named += Affected(tx.Exec(sql, organisation_id, scope.cases, scope.pattern));
      }
      AddErased(common::v1::QUOTATION, named, receipt);
    }
    AddErased(common::v1::EXPORT, Affected(tx.Exec(kExports, organisation_id, scope.contact_id)),
              receipt);
    traces_.Erase(tx, organisation_id, subject, receipt);
    if (!calls.jobs().empty()) outbox_.Add(tx, std::move(calls));
    return receipt;
  });
}

}  // namespace gatehouse::documents
