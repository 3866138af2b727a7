#include "services/documents/requests/store/postgres_requests.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/postgres/arrays.h"
#include "services/documents/requests/store/look_rows.h"
#include "services/documents/requests/store/request_rows.h"

namespace gatehouse::documents {
namespace {

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

// Made when they are first asked for: in which order files begin is open.
const char* GetSql() {
  static const std::string sql =
      absl::StrCat("SELECT ", kRequestColumns, " FROM document_request r WHERE ", kVisible,
                   "AND document_request_id = $8");
  return sql.c_str();
}

const char* PageSql() {
  static const std::string sql =
      absl::StrCat("SELECT ", kRequestColumns, " FROM document_request r WHERE ", kVisible,
                   "AND document_request_id > $8 ORDER BY document_request_id LIMIT $9");
  return sql.c_str();
}

const char* OpenSql() {
  static const std::string sql =
      absl::StrCat("SELECT ", kRequestColumns,
                   " FROM document_request r WHERE organisation_id = $1 AND case_id = $2 "
                   "AND state IN (1, 4) ORDER BY document_request_id LIMIT $3");
  return sql.c_str();
}

absl::Status Count(Transaction& tx, const std::vector<DocumentRequest>& requests, int max) {
  const auto counted = tx.Exec(
      "INSERT INTO usage AS u (organisation_id, case_id, contact_id, requests) "
      "VALUES ($1, $2, '', $3) ON CONFLICT (organisation_id, case_id, contact_id) "
      "DO UPDATE SET requests = u.requests + excluded.requests RETURNING requests",
      requests.front().organisation_id, requests.front().case_id,
      static_cast<int64_t>(requests.size()));
  if (counted[0]["requests"].as<int64_t>() <= max) return absl::OkStatus();
  return WithFact(Refuse(v1::DOCUMENT_REQUEST_LIMIT_REACHED,
                         "the case would have more document requests than the organisation allows"),
                  "max", absl::StrCat(max));
}

void Plan(Transaction& tx, RequestEffects& effects, const DocumentRequest& request,
          absl::Time time) {
  if (const auto planned = PlanLook(tx, request.organisation_id, request.case_id, time)) {
    effects.LookAt(tx, request.organisation_id, request.case_id, *planned);
  }
}

}  // namespace

absl::StatusOr<std::vector<DocumentRequest>> PostgresRequests::Add(
    std::vector<DocumentRequest> requests, int max, absl::Time look_time) {
  using Result = absl::StatusOr<std::vector<DocumentRequest>>;
  if (requests.empty()) return requests;
  return postgres_.Write(
      Rows::Of(requests.front().organisation_id), [&](Transaction& tx) -> Result {
        RETURN_IF_ERROR(Count(tx, requests, max));
        for (DocumentRequest& request : requests) {
          const auto rows = tx.Exec(
              "INSERT INTO document_request (organisation_id, document_request_id, case_id, title, "
              "label, contact_id, due_date) VALUES ($1, $2, $3, $4, $5, $6, $7) "
              "RETURNING create_time",
              request.organisation_id, request.document_request_id, request.case_id, request.title,
              request.label, request.contact_id, request.due_date);
          request.create_time = TimeFromSql(rows[0]["create_time"]);
        }
        Plan(tx, effects_, requests.front(), look_time);
        return requests;
      });
}

absl::StatusOr<DocumentRequest> PostgresRequests::Get(const std::string& organisation_id,
                                                      const std::string& case_id,
                                                      const CaseAccess* access,
                                                      const std::string& document_request_id) {
  using Result = absl::StatusOr<DocumentRequest>;
  const Viewer viewer(access);
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(GetSql(), organisation_id, case_id, viewer.client, viewer.all,
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
         tx.Exec(PageSql(), organisation_id, case_id, viewer.client, viewer.all, viewer.contact_id,
                 viewer.chose, viewer.chosen, page.after, page.limit())) {
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

absl::StatusOr<std::vector<DocumentRequest>> PostgresRequests::ListOpen(
    const std::string& organisation_id, const std::string& case_id, int max) {
  using Result = absl::StatusOr<std::vector<DocumentRequest>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<DocumentRequest> requests;
    for (const auto& row : tx.Exec(OpenSql(), organisation_id, case_id, max)) {
      if (const DocumentRequest request = RequestFrom(row); IsOpen(request)) {
        requests.push_back(request);
      }
    }
    return requests;
  });
}

absl::StatusOr<DocumentRequest> PostgresRequests::Change(const std::string& organisation_id,
                                                         const std::string& case_id,
                                                         const std::string& document_request_id,
                                                         const Step& step, absl::Time look_time) {
  using Result = absl::StatusOr<DocumentRequest>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    LockCase(tx, organisation_id, case_id);
    ASSIGN_OR_RETURN(const DocumentRequest before,
                     LoadRequest(tx, organisation_id, case_id, document_request_id));
    ASSIGN_OR_RETURN(const DocumentRequest changed, step(before));
    const bool same = changed.state == before.state &&
                      changed.return_reason == before.return_reason &&
                      changed.unavailable_reason == before.unavailable_reason;
    if (same) return before;
    SaveRequest(tx, changed);
    effects_.Changed(tx, changed);
    Plan(tx, effects_, changed, look_time);
    return changed;
  });
}

absl::Status PostgresRequests::Remove(const std::string& organisation_id,
                                      const std::string& case_id,
                                      const std::string& document_request_id) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    LockCase(tx, organisation_id, case_id);
    RETURN_IF_ERROR(LoadRequest(tx, organisation_id, case_id, document_request_id).status());
    tx.Exec(
        "UPDATE document SET document_request_id = NULL WHERE organisation_id = $1 "
        "AND case_id = $2 AND document_request_id = $3",
        organisation_id, case_id, document_request_id);
    tx.Exec("DELETE FROM document_request WHERE organisation_id = $1 AND document_request_id = $2",
            organisation_id, document_request_id);
    tx.Exec(
        "UPDATE usage SET requests = requests - 1 WHERE organisation_id = $1 AND case_id = $2 "
        "AND contact_id = ''",
        organisation_id, case_id);
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::documents
