#include "services/documents/requests/store/request_rows.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {

const std::string kRequestColumns =
    "organisation_id, document_request_id, case_id, title, label, contact_id, due_date, state, "
    "return_reason, unavailable_reason, review_time, create_time, "
    "(SELECT count(*) FROM document d WHERE d.organisation_id = r.organisation_id "
    " AND d.case_id = r.case_id AND d.document_request_id = r.document_request_id) AS answers";

namespace {

const std::string kLoad =
    absl::StrCat("SELECT ", kRequestColumns,
                 " FROM document_request r WHERE organisation_id = $1 AND case_id = $2 "
                 "AND document_request_id = $3");

}  // namespace

DocumentRequest RequestFrom(const pqxx::row& row) {
  DocumentRequest request = {.organisation_id = row["organisation_id"].c_str(),
                             .document_request_id = row["document_request_id"].c_str(),
                             .case_id = row["case_id"].c_str(),
                             .title = row["title"].c_str(),
                             .label = row["label"].c_str(),
                             .contact_id = row["contact_id"].c_str(),
                             .due_date = row["due_date"].c_str(),
                             .state = static_cast<RequestState>(row["state"].as<int>()),
                             .return_reason = row["return_reason"].c_str(),
                             .unavailable_reason = row["unavailable_reason"].c_str(),
                             .answers = row["answers"].as<int64_t>(),
                             .create_time = TimeFromSql(row["create_time"])};
  if (!row["review_time"].is_null()) request.review_time = TimeFromSql(row["review_time"]);
  // A process of before keeps answers, and no state.
  if (request.state == RequestState::kRequired && request.answers > 0) {
    request.state = RequestState::kPendingReview;
  }
  return request;
}

void LockCase(Transaction& transaction, const std::string& organisation_id,
              const std::string& case_id) {
  transaction.Exec(
      "SELECT 1 FROM usage WHERE organisation_id = $1 AND case_id = $2 AND contact_id = '' "
      "FOR UPDATE",
      organisation_id, case_id);
}

absl::StatusOr<DocumentRequest> LoadRequest(Transaction& transaction,
                                            const std::string& organisation_id,
                                            const std::string& case_id,
                                            const std::string& document_request_id) {
  const auto rows = transaction.Exec(kLoad.c_str(), organisation_id, case_id, document_request_id);
  if (!rows.empty()) return RequestFrom(rows[0]);
  return Refuse(common::v1::NOT_FOUND, "there is no such document request");
}

void SaveRequest(Transaction& transaction, const DocumentRequest& request) {
  std::optional<std::string> review_time;
  if (request.review_time != absl::InfinitePast()) review_time = ToSql(request.review_time);
  transaction.Exec(
      "UPDATE document_request SET state = $3, return_reason = $4, unavailable_reason = $5, "
      "review_time = $6 WHERE organisation_id = $1 AND document_request_id = $2",
      request.organisation_id, request.document_request_id, static_cast<int>(request.state),
      request.return_reason, request.unavailable_reason, review_time);
}

}  // namespace gatehouse::documents
