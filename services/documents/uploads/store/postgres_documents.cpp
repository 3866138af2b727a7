#include "services/documents/uploads/store/postgres_documents.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/postgres/arrays.h"
#include "services/documents/requests/store/look_rows.h"
#include "services/documents/requests/store/request_rows.h"
#include "services/documents/uploads/domain/search.h"

namespace gatehouse::documents {
namespace {

using Documents = absl::StatusOr<std::vector<Document>>;

constexpr int kLabelsMax = 10000;

const std::string kColumns =
    "organisation_id, document_id, case_id, filename, content_type, size_bytes, sha256, label, "
    "from_client, uploader_id, uploader_name, document_request_id, scan, scan_finding, "
    "folder, share_time, shared_contact_id, preview, create_time";

Document DocumentFrom(const pqxx::row& row) {
  const pqxx::field share_time = row["share_time"];
  return {.organisation_id = row["organisation_id"].c_str(),
          .document_id = row["document_id"].c_str(),
          .case_id = row["case_id"].c_str(),
          .filename = row["filename"].c_str(),
          .content_type = row["content_type"].c_str(),
          .size_bytes = row["size_bytes"].as<int64_t>(),
          .sha256 = row["sha256"].c_str(),
          .label = row["label"].c_str(),
          .from_client = row["from_client"].as<bool>(),
          .uploader_id = row["uploader_id"].c_str(),
          .uploader_name = row["uploader_name"].c_str(),
          .document_request_id = row["document_request_id"].c_str(),
          .scan = static_cast<Scan>(row["scan"].as<int>()),
          .scan_finding = row["scan_finding"].c_str(),
          .folder = row["folder"].c_str(),
          .shared_contact_id = row["shared_contact_id"].c_str(),
          .share_time = share_time.is_null() ? absl::InfiniteFuture() : TimeFromSql(share_time),
          .preview = static_cast<PreviewState>(row["preview"].as<int>()),
          .create_time = TimeFromSql(row["create_time"])};
}

std::vector<Document> DocumentsFrom(const pqxx::result& rows) {
  std::vector<Document> documents;
  for (const auto& row : rows) documents.push_back(DocumentFrom(row));
  return documents;
}

// MaySee() in SQL. Its parameters stand first in each query that shows documents: $1 and $2 are the
// organisation and the case, $3 to $5 what Viewer says.
const std::string kVisible =
    " organisation_id = $1 AND case_id = $2 AND "
    "(NOT $3::boolean OR (from_client AND ($4::boolean OR uploader_id = $5)) "
    " OR (share_time IS NOT NULL AND ($4::boolean OR shared_contact_id IN ('', $5)))) ";

struct Viewer {
  explicit Viewer(const CaseAccess* access)
      : client(access != nullptr),
        all(client && access->visibility == Visibility::kAll),
        contact_id(client ? access->contact_id : "") {}
  const bool client, all;
  const std::string contact_id;
};

const std::string kGet =
    absl::StrCat("SELECT ", kColumns, " FROM document WHERE ", kVisible, "AND document_id = $6");

const std::string kPage = absl::StrCat("SELECT ", kColumns, " FROM document WHERE ", kVisible,
                                       "AND document_id < $6 "
                                       "ORDER BY document_id DESC LIMIT $7");

// What has no folder of its own lies where FolderOf() says. By the index document_of_folder, which
// has the same expression.
const std::string kPageOfFolder =
    absl::StrCat("SELECT ", kColumns, " FROM document WHERE ", kVisible,
                 "AND document_id < $6 AND $8 = CASE WHEN folder <> '' THEN folder "
                 "WHEN from_client THEN 'Client-Documents' ELSE 'Documents' END "
                 "ORDER BY document_id DESC LIMIT $7");

const std::string kPageOfRequest =
    absl::StrCat("SELECT ", kColumns, " FROM document WHERE ", kVisible,
                 "AND document_id < $6 AND document_request_id = $8 "
                 "ORDER BY document_id DESC LIMIT $7");

// What is found does not stand in an index: under row-level security none is used for it, and a
// case has no more documents than its quota.
const std::string kPageOfWords = absl::StrCat(
    "SELECT ", kColumns, " FROM document WHERE ", kVisible,
    "AND document_id < $6 AND ($8 = '' OR document_request_id = $8) "
    "AND ($9 = '' OR $9 = CASE WHEN folder <> '' THEN folder "
    "WHEN from_client THEN 'Client-Documents' ELSE 'Documents' END) "
    "AND NOT EXISTS (SELECT 1 FROM unnest($10::text[]) AS word WHERE strpos(CASE WHEN "
    "search_text <> '' THEN search_text ELSE lower(filename || ' ' || label) END, word) = 0) "
    "ORDER BY document_id DESC LIMIT $7");

const std::string kShared = absl::StrCat("SELECT ", kColumns,
                                         " FROM document WHERE organisation_id = $1 "
                                         "AND case_id = $2 AND share_time > $3 "
                                         "ORDER BY share_time LIMIT 1000");

const std::string kAnswers =
    absl::StrCat("SELECT answer.* FROM unnest($6::text[]) AS asked(id), LATERAL (SELECT ", kColumns,
                 " FROM document WHERE ", kVisible,
                 "AND document_request_id = asked.id ORDER BY document_id LIMIT $7) answer "
                 "ORDER BY document_id");

constexpr char kInsert[] =
    "INSERT INTO document (organisation_id, document_id, case_id, filename, content_type, "
    "size_bytes, sha256, label, from_client, uploader_id, uploader_name, document_request_id, "
    "scan, folder, search_text, preview) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
    "nullif($12, ''), $13, $14, $15, $16) "
    "RETURNING create_time";

constexpr char kUsed[] =
    "SELECT case_id, contact_id, documents, bytes FROM usage WHERE organisation_id = $1 "
    "AND (case_id, contact_id) IN (('', ''), ($2, ''), ($2, $3))";

// The organisation's row first, then the case's, then the contact's: always in this order, so that
// two never wait for each other. Whoever adds to a case holds its row, which orders its events.
constexpr char kCount[] =
    "INSERT INTO usage AS u (organisation_id, case_id, contact_id, documents, bytes) "
    "SELECT $1, of.case_id, of.contact_id, $5::bigint, $4::bigint "
    "FROM (VALUES (1, '', ''), (2, $2, ''), (3, $2, $3)) AS of(place, case_id, contact_id) "
    "WHERE place < 3 OR $3 <> '' ORDER BY place "
    "ON CONFLICT (organisation_id, case_id, contact_id) "
    "DO UPDATE SET documents = u.documents + excluded.documents, "
    "bytes = u.bytes + excluded.bytes "
    "RETURNING case_id, contact_id, documents, bytes";

Usages UsagesFrom(const pqxx::result& rows) {
  Usages usages;
  for (const auto& row : rows) {
    const bool of_contact = row["contact_id"].size() > 0, of_case = row["case_id"].size() > 0;
    Usage& usage = of_contact ? usages.contact : of_case ? usages.of_case : usages.organisation;
    usage = {row["documents"].as<int64_t>(), row["bytes"].as<int64_t>()};
  }
  return usages;
}

// So many documents more, one or none; locks the rows of usage. What is used then.
Usages CountUsage(Transaction& tx, const Document& document, int documents) {
  return UsagesFrom(tx.Exec(kCount, document.organisation_id, document.case_id,
                            document.from_client ? document.uploader_id : "",
                            document.size_bytes * documents, documents));
}

// A document to be changed by who holds its case's row of usage. Refuses NOT_FOUND.
absl::StatusOr<Document> LoadDocument(Transaction& tx, const std::string& organisation_id,
                                      const std::string& case_id, const CaseAccess* access,
                                      const std::string& document_id) {
  const Viewer viewer(access);
  const auto rows = tx.Exec(kGet.c_str(), organisation_id, case_id, viewer.client, viewer.all,
                            viewer.contact_id, document_id);
  if (!rows.empty()) return DocumentFrom(rows[0]);
  return Refuse(common::v1::NOT_FOUND, "there is no such document");
}

// The request that a document answered, without it.
absl::Status Unanswer(Transaction& tx, const Document& document) {
  if (document.document_request_id.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(
      const DocumentRequest request,
      LoadRequest(tx, document.organisation_id, document.case_id, document.document_request_id));
  ASSIGN_OR_RETURN(const DocumentRequest changed, Unanswered(request));
  if (changed.state != request.state) SaveRequest(tx, changed);
  return absl::OkStatus();
}

// By who holds its rows of usage. Its bytes are loose from now on, and count until they are
// collected (0016_removed.sql): else whoever uploads and deletes would fill the store past any
// quota.
absl::Status Delete(Transaction& tx, const Document& document) {
  RETURN_IF_ERROR(Unanswer(tx, document));
  tx.Exec("DELETE FROM document WHERE organisation_id = $1 AND document_id = $2",
          document.organisation_id, document.document_id);
  tx.Exec(
      "INSERT INTO loose_blob (organisation_id, document_id, case_id, contact_id, documents, "
      "bytes) "
      "VALUES ($1, $2, $3, $4, 1, $5)",
      document.organisation_id, document.document_id, document.case_id,
      document.from_client ? document.uploader_id : "", document.size_bytes);
  return absl::OkStatus();
}

// By who holds the case's row of usage. The request's title; empty where it answers none.
absl::StatusOr<std::string> MarkAnswered(Transaction& tx, const Document& document) {
  if (document.document_request_id.empty()) return std::string();
  ASSIGN_OR_RETURN(
      DocumentRequest request,
      LoadRequest(tx, document.organisation_id, document.case_id, document.document_request_id));
  ASSIGN_OR_RETURN(request, Answered(std::move(request)));
  SaveRequest(tx, request);
  return request.title;
}

// What is searched of a document whose label changes.
absl::StatusOr<std::string> SearchTextOf(Transaction& tx, const Document& document) {
  if (document.document_request_id.empty()) return SearchTextOf(document, "");
  ASSIGN_OR_RETURN(
      const DocumentRequest request,
      LoadRequest(tx, document.organisation_id, document.case_id, document.document_request_id));
  return SearchTextOf(document, request.title);
}

}  // namespace

absl::StatusOr<Usages> PostgresDocuments::Used(const std::string& organisation_id,
                                               const std::string& case_id,
                                               const std::string& contact_id) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Usages> {
    return UsagesFrom(tx.Exec(kUsed, organisation_id, case_id, contact_id));
  });
}

absl::Status PostgresDocuments::NoteLoose(const LooseBlob& blob) {
  return postgres_.WriteOne(Rows::Of(blob.organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec("INSERT INTO loose_blob (organisation_id, document_id) VALUES ($1, $2)",
            blob.organisation_id, blob.document_id);
    return absl::OkStatus();
  });
}

absl::StatusOr<Document> PostgresDocuments::Add(const Document& document, const Quotas& quotas) {
  const Document& d = document;
  return postgres_.Write(
      Rows::Of(d.organisation_id), [&](Transaction& tx) -> absl::StatusOr<Document> {
        const auto noted = tx.Exec(
            "DELETE FROM loose_blob WHERE organisation_id = $1 AND document_id = $2 RETURNING 1",
            d.organisation_id, d.document_id);
        if (noted.empty()) return absl::AbortedError("the document's bytes may be gone");
        const Usages used = CountUsage(tx, d, 1);
        if (!d.replaces_document_id.empty()) {
          ASSIGN_OR_RETURN(const Document old, LoadDocument(tx, d.organisation_id, d.case_id,
                                                            nullptr, d.replaces_document_id));
          // Another contact's row, where staff replace what a client handed in.
          CountUsage(tx, old, 0);
          RETURN_IF_ERROR(Delete(tx, old));
          effects_.Deleted(tx, old, d.document_id);
        }
        RETURN_IF_ERROR(CheckQuotas(used, quotas));
        ASSIGN_OR_RETURN(const std::string title, MarkAnswered(tx, d));
        Document added = d;
        added.preview = PreviewAtFirst(d.content_type, effects_.makes_previews());
        const auto rows =
            tx.Exec(kInsert, d.organisation_id, d.document_id, d.case_id, d.filename,
                    d.content_type, d.size_bytes, d.sha256, d.label, d.from_client, d.uploader_id,
                    d.uploader_name, d.document_request_id, static_cast<int>(d.scan), d.folder,
                    SearchTextOf(d, title), static_cast<int>(added.preview));
        added.create_time = TimeFromSql(rows[0]["create_time"]);
        effects_.Kept(tx, added);
        // What waits for the scanner waits for that first.
        if (added.preview == PreviewState::kWaiting && added.scan != Scan::kPending) {
          effects_.PreviewLater(tx, added.organisation_id, added.case_id, added.document_id);
        }
        return added;
      });
}

absl::StatusOr<Document> PostgresDocuments::Change(const std::string& organisation_id,
                                                   const std::string& case_id,
                                                   const std::string& document_id, const Step& step,
                                                   absl::Time look_time) {
  return postgres_.Write(
      Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Document> {
        LockCase(tx, organisation_id, case_id);
        ASSIGN_OR_RETURN(const Document before,
                         LoadDocument(tx, organisation_id, case_id, nullptr, document_id));
        ASSIGN_OR_RETURN(const Document changed, step(before));
        ASSIGN_OR_RETURN(const std::string search_text, SearchTextOf(tx, changed));
        std::optional<std::string> share_time;
        if (IsShared(changed)) share_time = ToSql(changed.share_time);
        tx.Exec(
            "UPDATE document SET label = $3, folder = $4, share_time = $5, shared_contact_id = $6, "
            "search_text = $7 WHERE organisation_id = $1 AND document_id = $2",
            organisation_id, document_id, changed.label, changed.folder, share_time,
            changed.shared_contact_id, search_text);
        if (IsShared(changed) && !IsShared(before)) {
          effects_.Shared(tx, changed);
          if (const auto planned = PlanLook(tx, organisation_id, case_id, look_time)) {
            effects_.LookAt(tx, changed, *planned);
          }
        }
        return changed;
      });
}

absl::Status PostgresDocuments::Remove(const std::string& organisation_id,
                                       const std::string& case_id, const CaseAccess* access,
                                       const std::string& document_id, const Check& check) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const Document found,
                     LoadDocument(tx, organisation_id, case_id, access, document_id));
    RETURN_IF_ERROR(check(found));
    CountUsage(tx, found, 0);
    // Now that its case's row is held, once more.
    ASSIGN_OR_RETURN(const Document held,
                     LoadDocument(tx, organisation_id, case_id, access, document_id));
    RETURN_IF_ERROR(Delete(tx, held));
    effects_.Deleted(tx, held, "");
    return absl::OkStatus();
  });
}

Documents PostgresDocuments::ListShared(const std::string& organisation_id,
                                        const std::string& case_id, absl::Time after) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Documents {
    return DocumentsFrom(tx.Exec(kShared.c_str(), organisation_id, case_id, ToSql(after)));
  });
}

absl::Status PostgresDocuments::SetScan(const std::string& organisation_id,
                                        const std::string& case_id, const std::string& document_id,
                                        const Verdict& verdict) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    LockCase(tx, organisation_id, case_id);
    const auto rows = tx.Exec(
        "UPDATE document SET scan = $4, scan_finding = $5 WHERE organisation_id = $1 "
        "AND case_id = $2 AND document_id = $3 AND (scan = $6 OR (scan = $7 AND $4::int = $8)) "
        "RETURNING from_client, uploader_id, preview",
        organisation_id, case_id, document_id, static_cast<int>(verdict.scan), verdict.finding,
        static_cast<int>(Scan::kPending), static_cast<int>(Scan::kClean),
        static_cast<int>(Scan::kInfected));
    if (!rows.empty() && rows[0]["preview"].as<int>() == static_cast<int>(PreviewState::kWaiting)) {
      effects_.PreviewLater(tx, organisation_id, case_id, document_id);
    }
    if (rows.empty() || verdict.scan != Scan::kInfected) return absl::OkStatus();
    effects_.Infected(tx, {.organisation_id = organisation_id,
                           .document_id = document_id,
                           .case_id = case_id,
                           .from_client = rows[0]["from_client"].as<bool>(),
                           .uploader_id = rows[0]["uploader_id"].c_str(),
                           .scan_finding = verdict.finding});
    return absl::OkStatus();
  });
}

absl::Status PostgresDocuments::Forget(const LooseBlob& blob) {
  return postgres_.WriteOne(Rows::Of(blob.organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec("DELETE FROM loose_blob WHERE organisation_id = $1 AND document_id = $2",
            blob.organisation_id, blob.document_id);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<LooseBlob>> PostgresDocuments::ListLoose(absl::Time before, int max) {
  using Result = absl::StatusOr<std::vector<LooseBlob>>;
  return postgres_.Read(Rows::OfAll(), [&](Transaction& tx) -> Result {
    std::vector<LooseBlob> blobs;
    for (const auto& row :
         tx.Exec("SELECT organisation_id, document_id FROM loose_blob WHERE create_time < $1 "
                 "ORDER BY create_time LIMIT $2",
                 ToSql(before), max)) {
      blobs.push_back({row["organisation_id"].c_str(), row["document_id"].c_str()});
    }
    return blobs;
  });
}

absl::StatusOr<Document> PostgresDocuments::Get(const std::string& organisation_id,
                                                const std::string& case_id,
                                                const CaseAccess* access,
                                                const std::string& document_id) {
  const Viewer viewer(access);
  return postgres_.Read(
      Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Document> {
        const auto rows = tx.Exec(kGet.c_str(), organisation_id, case_id, viewer.client, viewer.all,
                                  viewer.contact_id, document_id);
        if (!rows.empty()) return DocumentFrom(rows[0]);
        return Refuse(common::v1::NOT_FOUND, "there is no such document");
      });
}

Documents PostgresDocuments::List(const std::string& organisation_id, const std::string& case_id,
                                  const CaseAccess* access, const DocumentFilter& filter,
                                  const Page& page) {
  const Viewer viewer(access);
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Documents {
    if (!filter.words.empty()) {
      return DocumentsFrom(tx.Exec(kPageOfWords.c_str(), organisation_id, case_id, viewer.client,
                                   viewer.all, viewer.contact_id, page.Below("doc"), page.limit(),
                                   filter.document_request_id, filter.folder,
                                   SqlArray(filter.words)));
    }
    if (!filter.folder.empty()) {
      return DocumentsFrom(tx.Exec(kPageOfFolder.c_str(), organisation_id, case_id, viewer.client,
                                   viewer.all, viewer.contact_id, page.Below("doc"), page.limit(),
                                   filter.folder));
    }
    if (filter.document_request_id.empty()) {
      return DocumentsFrom(tx.Exec(kPage.c_str(), organisation_id, case_id, viewer.client,
                                   viewer.all, viewer.contact_id, page.Below("doc"), page.limit()));
    }
    return DocumentsFrom(tx.Exec(kPageOfRequest.c_str(), organisation_id, case_id, viewer.client,
                                 viewer.all, viewer.contact_id, page.Below("doc"), page.limit(),
                                 filter.document_request_id));
  });
}

Documents PostgresDocuments::ListAnswers(const std::string& organisation_id,
                                         const std::string& case_id, const CaseAccess* access,
                                         const std::vector<std::string>& document_request_ids,
                                         int each) {
  const Viewer viewer(access);
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Documents {
    return DocumentsFrom(tx.Exec(kAnswers.c_str(), organisation_id, case_id, viewer.client,
                                 viewer.all, viewer.contact_id, SqlArray(document_request_ids),
                                 each));
  });
}

absl::StatusOr<std::vector<std::string>> PostgresDocuments::ListLabels(
    const std::string& organisation_id, const std::string& case_id) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<std::string> labels;
    for (const auto& row :
         tx.Exec("SELECT DISTINCT label FROM document WHERE organisation_id = $1 AND case_id = $2 "
                 "AND label <> '' LIMIT $3",
                 organisation_id, case_id, kLabelsMax)) {
      labels.emplace_back(row["label"].c_str());
    }
    return labels;
  });
}

}  // namespace gatehouse::documents
