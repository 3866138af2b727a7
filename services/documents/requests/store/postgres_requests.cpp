#include "services/documents/requests/store/postgres_requests.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/postgres/arrays.h"

namespace gatehouse::documents {
namespace {

const std::string kColumns =
    "organisation_id, document_request_id, case_id, title, label, contact_id, create_time, "
    "(SELECT count(*) FROM document d WHERE d.organisation_id = r.organisation_id "
    " AND d.case_id = r.case_id AND d.document_request_id = r.document_request_id) AS answers";

DocumentRequest RequestFrom(const pqxx::row& row) {
  return {.organisation_id = row["organisation_id"].c_str(),
          .document_request_id = row["document_request_id"].c_str(),
          .case_id = row["case_id"].c_str(),
          .title = row["title"].c_str(),
          .label = row["label"].c_str(),
          .contact_id = row["contact_id"].c_str(),
          .answers = row["answers"].as<int64_t>(),
          .create_time = TimeFromSql(row["create_time"])};
}

// MaySee() in SQL. Its parameters stand first in each query that shows requests: $1 and $2 are the
// organisation and the case, $3 to $7 what Viewer says.
const std::string kVisible =
    " organisation_id = $1 AND case_id = $2 "
    "AND (NOT $3::boolean OR $4::boolean OR contact_id IN ('', $5)) "
    "AND (NOT $6::boolean OR document_request_id = ANY ($7::text[])) ";

struct Viewer {
  explicit Viewer(const CaseAccess* access)
      : client(access != nullptr),
        all(client && access->visibility == Visibility::kAll),
        chose(client && access->chose_requests) {
    if (!client) return;
    contact_id = access->contact_id;
    chosen = SqlArray(access->document_request_ids);
  }
  const bool client, all, chose;
  std::string contact_id, chosen = "{}";
};

const std::string kGet = absl::StrCat("SELECT ", kColumns, " FROM document_request r WHERE ",
                                      kVisible, "AND document_request_id = $8");

const std::string kPage =
    absl::StrCat("SELECT ", kColumns, " FROM document_request r WHERE ", kVisible,
                 "AND document_request_id > $8 "
                 "ORDER BY document_request_id LIMIT $9");

}  // namespace

absl::StatusOr<DocumentRequest> PostgresRequests::Add(const DocumentRequest& request, int max) {
  using Result = absl::StatusOr<DocumentRequest>;
  return postgres_.Write(Rows::Of(request.organisation_id), [&](Transaction& tx) -> Result {
    const auto counted = tx.Exec(
        "INSERT INTO usage AS u (organisation_id, case_id, contact_id, requests) "
        "VALUES ($1, $2, '', 1) ON CONFLICT (organisation_id, case_id, contact_id) "
        "DO UPDATE SET requests = u.requests + 1 RETURNING requests",
        request.organisation_id, request.case_id);
    if (counted[0]["requests"].as<int64_t>() > max) {
      return WithFact(Refuse(v1::DOCUMENT_REQUEST_LIMIT_REACHED,
                             "the case has as many document requests as the organisation allows"),
                      "max", absl::StrCat(max));
    }
    const auto rows = tx.Exec(
        "INSERT INTO document_request (organisation_id, document_request_id, case_id, title, "
        "label, contact_id) VALUES ($1, $2, $3, $4, $5, $6) RETURNING create_time",
        request.organisation_id, request.document_request_id, request.case_id, request.title,
        request.label, request.contact_id);
    DocumentRequest added = request;
    added.create_time = TimeFromSql(rows[0]["create_time"]);
    return added;
  });
}

absl::StatusOr<DocumentRequest> PostgresRequests::Get(const std::string& organisation_id,
                                                      const std::string& case_id,
                                                      const CaseAccess* access,
                                                      const std::string& document_request_id) {
  using Result = absl::StatusOr<DocumentRequest>;
  const Viewer viewer(access);
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(kGet.c_str(), organisation_id, case_id, viewer.client, viewer.all,
                              viewer.contact_id, viewer.chose, viewer.chosen, document_request_id);
    if (!rows.empty()) return RequestFrom(rows[0]);
    return Refuse(common::v1::NOT_FOUND, "there is no such document request");
  });
}

absl::StatusOr<std::vector<DocumentRequest>> PostgresRequests::List(
    const std::string& organisation_id, const std::string& case_id, const CaseAccess* access,
    const Page& page) {
  using Result = absl::StatusOr<std::vector<DocumentRequest>>;
  const Viewer viewer(access);
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<DocumentRequest> requests;
    for (const auto& row :
         tx.Exec(kPage.c_str(), organisation_id, case_id, viewer.client, viewer.all,
                 viewer.contact_id, viewer.chose, viewer.chosen, page.after, page.limit())) {
      requests.push_back(RequestFrom(row));
    }
    return requests;
  });
}

absl::StatusOr<std::vector<std::string>> PostgresRequests::ListIds(
    const std::string& organisation_id, const std::string& case_id) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<std::string> ids;
    for (const auto& row :
         tx.Exec("SELECT document_request_id FROM document_request WHERE organisation_id = $1 "
                 "AND case_id = $2 ORDER BY document_request_id",
                 organisation_id, case_id)) {
      ids.emplace_back(row["document_request_id"].c_str());
    }
    return ids;
  });
}

}  // namespace gatehouse::documents
