#include "services/documents/store/postgres_store.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

constexpr absl::Duration kPatience = absl::Milliseconds(300);

absl::Status NotFound() {
  return Refuse(absl::StatusCode::kNotFound, "NOT_FOUND", "there is no such document");
}

#define DOCUMENT                                                                               \
  "organisation_id, document_id, case_id, filename, content_type, size_bytes, sha256, label, " \
  "from_client, uploader_id, uploader_name, coalesce(document_request_id, ''), scan, create_time"

Document DocumentFrom(const pqxx::row& row) {
  return {.organisation_id = row[0].c_str(),
          .document_id = row[1].c_str(),
          .case_id = row[2].c_str(),
          .filename = row[3].c_str(),
          .content_type = row[4].c_str(),
          .size_bytes = row[5].as<int64_t>(),
          .sha256 = row[6].c_str(),
          .label = row[7].c_str(),
          .from_client = row[8].as<bool>(),
          .uploader_id = row[9].c_str(),
          .uploader_name = row[10].c_str(),
          .document_request_id = row[11].c_str(),
          .scan = static_cast<Scan>(row[12].as<int>()),
          .create_time = TimeFromSql(row[13])};
}

#define REQUEST "document_request_id, case_id, title, label, contact_id, create_time"

DocumentRequest RequestFrom(const pqxx::row& row) {
  return {.document_request_id = row[0].c_str(),
          .case_id = row[1].c_str(),
          .title = row[2].c_str(),
          .label = row[3].c_str(),
          .contact_id = row[4].c_str(),
          .create_time = TimeFromSql(row[5])};
}

constexpr char kInsert[] =
    "INSERT INTO document (organisation_id, document_id, case_id, filename, content_type, "
    "size_bytes, sha256, label, from_client, uploader_id, uploader_name, document_request_id, "
    "scan, request_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, nullif($12, ''), "
    "$13, nullif($14, '')) ON CONFLICT (organisation_id, request_id) DO NOTHING "
    "RETURNING " DOCUMENT;

notification::v1::PublishEventRequest EventOf(const Document& document) {
  notification::v1::PublishEventRequest request;
  request.set_type("document.uploaded");
  request.set_case_id(document.case_id);
  *request.mutable_time() = gatehouse::ToProto(document.create_time);
  auto& data = *request.mutable_data();
  data["documentId"] = document.document_id;
  data["folder"] = FolderOf(document);
  if (!document.document_request_id.empty()) {
    data["documentRequestId"] = document.document_request_id;
  }
  if (document.from_client) data["contactId"] = document.uploader_id;
  return request;
}

cases::v1::AddNoteRequest NoteOf(const Document& document) {
  cases::v1::AddNoteRequest request;
  request.set_case_id(document.case_id);
  request.set_text(absl::StrCat(document.uploader_name, " handed in ", document.filename, "."));
  request.set_author(document.uploader_name.empty() ? "Client" : document.uploader_name);
  return request;
}

}  // namespace

absl::StatusOr<int64_t> PostgresStore::MaxBytes(const std::string& organisation_id) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<int64_t> {
    const auto rows = tx.Exec("SELECT max_document_bytes FROM settings WHERE organisation_id = $1",
                              organisation_id);
    return rows.empty() ? kMaxBytesByDefault : rows[0][0].as<int64_t>();
  });
}

absl::Status PostgresStore::SetMaxBytes(const std::string& organisation_id, int64_t bytes) {
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(
        "INSERT INTO settings VALUES ($1, $2) ON CONFLICT (organisation_id) DO UPDATE "
        "SET max_document_bytes = $2",
        organisation_id, bytes);
    return absl::OkStatus();
  });
}

absl::StatusOr<Document> PostgresStore::Add(const Document& d) {
  return postgres_.Write(
      Rows::Of(d.organisation_id), [&](Transaction& tx) -> absl::StatusOr<Document> {
        const auto rows =
            tx.Exec(kInsert, d.organisation_id, d.document_id, d.case_id, d.filename,
                    d.content_type, d.size_bytes, d.sha256, d.label, d.from_client, d.uploader_id,
                    d.uploader_name, d.document_request_id, static_cast<int>(d.scan), d.request_id);
        if (rows.empty()) {
          return DocumentFrom(tx.Exec("SELECT " DOCUMENT
                                      " FROM document WHERE organisation_id = $1 "
                                      "AND request_id = $2",
                                      d.organisation_id, d.request_id)[0]);
        }
        Document document = DocumentFrom(rows[0]);
        OutboxCalls calls(d.organisation_id);
        calls.Add("gatehouse.notification.v1.Intake/PublishEvent", EventOf(document),
                  document.case_id);
        if (document.from_client) {
          calls.Add("gatehouse.cases.v1.CaseDirectory/AddNote", NoteOf(document));
        }
        outbox_.Add(tx, std::move(calls), kPatience);
        return document;
      });
}

absl::StatusOr<std::vector<Document>> PostgresStore::Query(
    const std::string& organisation_id, const std::function<pqxx::result(Transaction&)>& f) {
  using Result = absl::StatusOr<std::vector<Document>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Document> documents;
    for (const auto& row : f(tx)) documents.push_back(DocumentFrom(row));
    return documents;
  });
}

absl::StatusOr<Document> PostgresStore::FindByRequest(const std::string& organisation_id,
                                                      const std::string& request_id) {
  ASSIGN_OR_RETURN(auto found, Query(organisation_id, [&](Transaction& tx) {
                     return tx.Exec("SELECT " DOCUMENT
                                    " FROM document WHERE organisation_id = $1 AND request_id = $2",
                                    organisation_id, request_id);
                   }));
  if (found.empty()) return NotFound();
  return std::move(found[0]);
}

absl::StatusOr<Document> PostgresStore::Get(const std::string& organisation_id,
                                            const std::string& case_id,
                                            const std::string& document_id) {
  ASSIGN_OR_RETURN(auto found, Query(organisation_id, [&](Transaction& tx) {
                     return tx.Exec("SELECT " DOCUMENT
                                    " FROM document WHERE organisation_id = $1 AND case_id = $2 "
                                    "AND document_id = $3",
                                    organisation_id, case_id, document_id);
                   }));
  if (found.empty()) return NotFound();
  return std::move(found[0]);
}

absl::StatusOr<std::vector<Document>> PostgresStore::List(const std::string& organisation_id,
                                                          const std::string& case_id,
                                                          const CaseAccess* access,
                                                          const Page& page) {
  // MaySee() in SQL, so that pages are full: whose documents a client sees; empty: everybody's.
  const bool client = access != nullptr;
  const bool all = client && access->visibility == Visibility::kAll;
  return Query(organisation_id, [&](Transaction& tx) {
    return tx.Exec("SELECT " DOCUMENT
                   " FROM document WHERE organisation_id = $1 AND case_id = $2 "
                   "AND ($3 = '' OR document_id < $3) "
                   "AND (NOT $4 OR (from_client AND ($5 OR uploader_id = $6))) "
                   "ORDER BY document_id DESC LIMIT $7",
                   organisation_id, case_id, page.after, client, all,
                   client ? access->contact_id : "", page.limit());
  });
}

absl::StatusOr<DocumentRequest> PostgresStore::AddRequest(const std::string& organisation_id,
                                                          const DocumentRequest& request) {
  using Result = absl::StatusOr<DocumentRequest>;
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto added = tx.Exec(
        "INSERT INTO document_request (organisation_id, document_request_id, case_id, title, "
        "label, contact_id, request_id) SELECT $1, $2, $3, $4, $5, $6, nullif($7, '') "
        "WHERE (SELECT count(*) FROM document_request "
        "       WHERE organisation_id = $1 AND case_id = $3) < $8 "
        "ON CONFLICT (organisation_id, request_id) DO NOTHING RETURNING " REQUEST,
        organisation_id, request.document_request_id, request.case_id, request.title, request.label,
        request.contact_id, request.request_id, kRequestsMax);
    if (!added.empty()) return RequestFrom(added[0]);
    const auto first = tx.Exec("SELECT " REQUEST
                               " FROM document_request WHERE organisation_id = $1 "
                               "AND request_id = $2",
                               organisation_id, request.request_id);
    if (!first.empty()) return RequestFrom(first[0]);
    return Refuse(absl::StatusCode::kFailedPrecondition, "DOCUMENT_REQUEST_LIMIT_REACHED",
                  "the case has 200 document requests already");
  });
}

absl::StatusOr<std::vector<DocumentRequest>> PostgresStore::ListRequests(
    const std::string& organisation_id, const std::string& case_id) {
  using Result = absl::StatusOr<std::vector<DocumentRequest>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<DocumentRequest> requests;
    for (const auto& row :
         tx.Exec("SELECT " REQUEST " FROM document_request WHERE organisation_id = $1 "
                 "AND case_id = $2 ORDER BY document_request_id LIMIT $3",
                 organisation_id, case_id, kRequestsMax)) {
      requests.push_back(RequestFrom(row));
    }
    return requests;
  });
}

absl::StatusOr<std::vector<Document>> PostgresStore::ListAnswers(const std::string& organisation_id,
                                                                 const std::string& case_id) {
  return Query(organisation_id, [&](Transaction& tx) {
    return tx.Exec("SELECT " DOCUMENT
                   " FROM document WHERE organisation_id = $1 AND case_id = $2 "
                   "AND document_request_id IS NOT NULL ORDER BY document_id LIMIT 1000",
                   organisation_id, case_id);
  });
}

absl::StatusOr<std::vector<std::string>> PostgresStore::ListLabels(
    const std::string& organisation_id, const std::string& case_id) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<std::string> labels;
    for (const auto& row :
         tx.Exec("SELECT DISTINCT label FROM document WHERE organisation_id = $1 AND case_id = $2 "
                 "AND label <> '' LIMIT 1000",
                 organisation_id, case_id)) {
      labels.emplace_back(row[0].c_str());
    }
    return labels;
  });
}

}  // namespace gatehouse::documents
