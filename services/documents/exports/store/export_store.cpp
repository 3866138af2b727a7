#include "services/documents/exports/store/export_store.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/documents/v1/events.pb.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/jobs/erasing.h"
#include "services/common/jobs/events.h"
#include "services/common/postgres/arrays.h"
#include "services/documents/exports/domain/sources.h"

namespace gatehouse::documents {
namespace {

// Of one step: as many kinds as a part has, and more.
constexpr int64_t kPiecesOfStep = 1000;

// Two who ask at once are one after the other, whoever they ask for: they are counted.
constexpr char kLock[] =
    "SELECT pg_advisory_xact_lock(hashtextextended('exports:' || $1::text, 0))";
constexpr char kUnderWay[] =
    "SELECT * FROM contact_export WHERE organisation_id = $1 AND contact_id = $2 AND state = 1 "
    "AND expire_time > clock_timestamp()";
constexpr char kCount[] =
    "SELECT count(*) AS exports FROM contact_export WHERE organisation_id = $1";
constexpr char kMake[] = R"sql(
  INSERT INTO contact_export (organisation_id, export_id, contact_id, actor_id, actor_name,
                              expire_time)
  VALUES ($1, $2, $3, $4, $5, clock_timestamp() + $6::bigint * interval '1 second')
  RETURNING *)sql";
constexpr char kGet[] =
    "SELECT * FROM contact_export WHERE organisation_id = $1 AND export_id = $2 "
    "AND expire_time > clock_timestamp()";
constexpr char kList[] =
    "SELECT * FROM contact_export WHERE organisation_id = $1 AND export_id < $2 "
    "AND expire_time > clock_timestamp() ORDER BY export_id DESC LIMIT $3";

constexpr char kHold[] =
    "SELECT * FROM contact_export WHERE organisation_id = $1 AND export_id = $2 AND step = $3 "
    "AND state = 1 FOR UPDATE";
constexpr char kKeep[] = R"sql(
  INSERT INTO contact_export_part (organisation_id, export_id, number, kind, bytes, sealed)
  VALUES ($1, $2, $3, $4, $5, $6))sql";
constexpr char kAdvance[] = R"sql(
  UPDATE contact_export SET step = $3, source = $4, records = records + $5, bytes = bytes + $6
  WHERE organisation_id = $1 AND export_id = $2 RETURNING bytes)sql";

// What the contact handed in, what staff shared with it or with all, what it signed, and what it
// was sent to sign. $3 are its cases, $6 those that it is on now, and $4 is the contact.
constexpr char kFiles[] = R"sql(
  INSERT INTO contact_export_file (organisation_id, export_id, file_id)
  SELECT $1, $2, file_id FROM (
    SELECT document_id COLLATE "C" AS file_id FROM document WHERE organisation_id = $1
      AND case_id = ANY ($3::text[])
      AND (from_client AND uploader_id = $4
        OR share_time IS NOT NULL AND (shared_contact_id = $4
          OR shared_contact_id = '' AND case_id = ANY ($6::text[])))
    UNION SELECT unnest(ARRAY[r.signature_request_id, r.sealed_document_id,
                              s.signed_document_id]) COLLATE "C"
      FROM signature_request AS r JOIN signer AS s ON s.organisation_id = r.organisation_id
        AND s.signature_request_id = r.signature_request_id
      WHERE r.organisation_id = $1 AND r.case_id = ANY ($3::text[]) AND s.contact_id = $4) AS its
  WHERE file_id <> ''
  LIMIT $5)sql";
constexpr char kReady[] = R"sql(
  UPDATE contact_export SET state = 2, files = $3, ready_time = clock_timestamp(),
    expire_time = clock_timestamp() + $4::bigint * interval '1 second'
  WHERE organisation_id = $1 AND export_id = $2)sql";
constexpr char kTooLarge[] = R"sql(
  WITH pieces AS (
    DELETE FROM contact_export_part WHERE organisation_id = $1 AND export_id = $2),
  files AS (
    DELETE FROM contact_export_file WHERE organisation_id = $1 AND export_id = $2)
  UPDATE contact_export SET state = 3 WHERE organisation_id = $1 AND export_id = $2)sql";

constexpr char kPieces[] =
    "SELECT number, kind, bytes FROM contact_export_part WHERE organisation_id = $1 "
    "AND export_id = $2 ORDER BY kind, number";
constexpr char kRead[] =
    "SELECT sealed FROM contact_export_part WHERE organisation_id = $1 AND export_id = $2 "
    "AND number = $3";
constexpr char kDocuments[] = R"sql(
  SELECT d.document_id, d.filename, d.folder, d.from_client, d.share_time, d.scan, d.size_bytes,
    d.create_time
  FROM contact_export_file AS f JOIN document AS d ON d.organisation_id = f.organisation_id
    AND d.document_id = f.file_id
  WHERE f.organisation_id = $1 AND f.export_id = $2 ORDER BY d.document_id)sql";
constexpr char kSent[] = R"sql(
  SELECT r.signature_request_id, r.filename, r.size_bytes
  FROM contact_export_file AS f JOIN signature_request AS r
    ON r.organisation_id = f.organisation_id AND r.signature_request_id = f.file_id
  WHERE f.organisation_id = $1 AND f.export_id = $2 ORDER BY r.signature_request_id)sql";

v1::Export ExportFrom(const pqxx::row& row) {
  v1::Export found;
  found.set_export_id(row["export_id"].c_str());
  found.set_contact_id(row["contact_id"].c_str());
  found.set_state(static_cast<v1::Export::State>(row["state"].as<int>()));
  if (found.state() == v1::Export::UNDER_WAY) {
    found.set_waits_for(ServiceOf(static_cast<ExportSource>(row["source"].as<int>())));
  }
  found.set_records(row["records"].as<int64_t>());
  found.set_files(row["files"].as<int64_t>());
  found.set_actor_id(row["actor_id"].c_str());
  found.set_actor_name(row["actor_name"].c_str());
  *found.mutable_create_time() = ToProto(TimeFromSql(row["create_time"]));
  if (!row["ready_time"].is_null()) {
    *found.mutable_ready_time() = ToProto(TimeFromSql(row["ready_time"]));
  }
  *found.mutable_expire_time() = ToProto(TimeFromSql(row["expire_time"]));
  return found;
}

void AddStep(const v1::ExportStep& step, OutboxCalls& calls) {
  calls.AddJob(kExportLane, "export.step", step.SerializeAsString(), absl::InfinitePast());
}

int64_t BytesOf(const common::v1::ExportContactResponse& part) {
  int64_t bytes = 0;
  for (const auto& record : part.records()) bytes += static_cast<int64_t>(record.json().size());
  return bytes;
}

}  // namespace

absl::StatusOr<v1::Export> ExportStore::Begin(const Call& call, const std::string& contact_id) {
  const std::string& id = call.caller.organisation_id;
  return postgres_.Write(Rows::Of(id), [&](Transaction& tx) -> absl::StatusOr<v1::Export> {
    tx.Exec(kLock, id);
    const auto under_way = tx.Exec(kUnderWay, id, contact_id);
    if (!under_way.empty()) return ExportFrom(under_way[0]);
    if (tx.Exec(kCount, id)[0]["exports"].as<int64_t>() >= kExportsMax) {
      return WithFact(Refuse(v1::EXPORT_LIMIT_REACHED, "there are as many exports as there may be"),
                      "max", absl::StrCat(kExportsMax));
    }
    return Make(tx, call, contact_id);
  });
}

absl::StatusOr<v1::Export> ExportStore::Make(Transaction& tx, const Call& call,
                                             const std::string& contact_id) {
  const std::string& id = call.caller.organisation_id;
  v1::ExportStep first;
  first.set_export_id(NewId("exp"));
  first.mutable_subject()->set_contact_id(contact_id);
  const auto made = tx.Exec(kMake, id, first.export_id(), contact_id, call.caller.actor_id,
                            call.caller.actor_name, absl::ToInt64Seconds(options_.kept));
  OutboxCalls calls(id);
  v1::ContactExportRequested deed;
  deed.set_export_id(first.export_id());
  AddToTrail(deed, {.subject_id = contact_id, .case_id = ""}, call, calls);
  AddStep(first, calls);
  outbox_.Add(tx, std::move(calls));
  return ExportFrom(made[0]);
}

absl::StatusOr<v1::Export> ExportStore::Get(const std::string& organisation_id,
                                            const std::string& export_id) {
  using Result = absl::StatusOr<v1::Export>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto found = tx.Exec(kGet, organisation_id, export_id);
    if (found.empty()) return Refuse(common::v1::NOT_FOUND, "there is no such export");
    return ExportFrom(found[0]);
  });
}

absl::StatusOr<std::vector<v1::Export>> ExportStore::List(const std::string& organisation_id,
                                                          const Page& page) {
  using Result = absl::StatusOr<std::vector<v1::Export>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<v1::Export> exports;
    for (const auto& row : tx.Exec(kList, organisation_id, page.Below("exp"), page.limit())) {
      exports.push_back(ExportFrom(row));
    }
    return exports;
  });
}

absl::StatusOr<bool> ExportStore::IsNext(const std::string& organisation_id,
                                         const v1::ExportStep& step) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<bool> {
    const auto found = tx.Exec(kGet, organisation_id, step.export_id());
    return !found.empty() && found[0]["state"].as<int>() == v1::Export::UNDER_WAY &&
           found[0]["step"].as<int>() == step.step();
  });
}

absl::Status ExportStore::Advance(const std::string& organisation_id, const v1::ExportStep& done,
                                  const v1::ExportStep& next,
                                  const common::v1::ExportContactResponse& part) {
  const std::string& id = done.export_id();
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto held = tx.Exec(kHold, organisation_id, id, done.step());
    if (held.empty()) return absl::OkStatus();
    Keep(tx, organisation_id, done, part);
    const auto now = tx.Exec(kAdvance, organisation_id, id, next.step(), next.source(),
                             part.records_size(), BytesOf(part));
    const bool ends = static_cast<ExportSource>(next.source()) == ExportSource::kDone;
    int64_t files = 0;
    if (ends) {
      files = static_cast<int64_t>(tx.Exec(kFiles, organisation_id, id,
                                           SqlArray(ListOf(next.subject().case_ids())),
                                           next.subject().contact_id(), kExportFilesMax + 1,
                                           SqlArray(ListOf(next.present_case_ids())))
                                       .affected_rows());
    }
    if (now[0]["bytes"].as<int64_t>() > kExportBytesMax || files > kExportFilesMax) {
      tx.Exec(kTooLarge, organisation_id, id);
      return absl::OkStatus();
    }
    OutboxCalls calls(organisation_id);
    if (ends) {
      tx.Exec(kReady, organisation_id, id, files, absl::ToInt64Seconds(options_.kept));
      v1::ContactExported event;
      event.set_export_id(id);
      event.set_contact_id(held[0]["contact_id"].c_str());
      AddEvent(event, {.case_id = "", .time = absl::Now()}, calls);
    } else {
      AddStep(next, calls);
    }
    outbox_.Add(tx, std::move(calls));
    return absl::OkStatus();
  });
}

std::string ExportStore::ContextOf(const std::string& organisation_id, const std::string& export_id,
                                   const ExportPiece& piece) const {
  return absl::StrCat(organisation_id, "\n", export_id, "\n", piece.number, "\n", piece.kind);
}

void ExportStore::Keep(Transaction& tx, const std::string& organisation_id,
                       const v1::ExportStep& done, const common::v1::ExportContactResponse& part) {
  ExportPiece piece = {.number = done.step() * kPiecesOfStep};
  std::string text;
  for (int i = 0; i < part.records_size(); ++i) {
    absl::StrAppend(&text, text.empty() ? "" : ",\n", part.records(i).json());
    piece.kind = part.records(i).kind();
    if (i + 1 < part.records_size() && part.records(i + 1).kind() == piece.kind) continue;
    piece.bytes = static_cast<int64_t>(text.size());
    tx.Exec(kKeep, organisation_id, done.export_id(), piece.number, piece.kind, piece.bytes,
            Bytes(Seal(options_.key, ContextOf(organisation_id, done.export_id(), piece), text)));
    ++piece.number;
    text.clear();
  }
}

absl::Status ExportStore::NoteDownload(const Call& call, const v1::Export& found) {
  const std::string& id = call.caller.organisation_id;
  return postgres_.Write(Rows::Of(id), [&](Transaction& tx) -> absl::Status {
    OutboxCalls calls(id);
    v1::ContactExportDownloaded deed;
    deed.set_export_id(found.export_id());
    AddToTrail(deed, {.subject_id = found.contact_id(), .case_id = ""}, call, calls);
    outbox_.Add(tx, std::move(calls));
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<ExportPiece>> ExportStore::Pieces(const std::string& organisation_id,
                                                             const std::string& export_id) {
  using Result = absl::StatusOr<std::vector<ExportPiece>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<ExportPiece> pieces;
    for (const auto& row : tx.Exec(kPieces, organisation_id, export_id)) {
      pieces.push_back({.number = row["number"].as<int64_t>(),
                        .kind = row["kind"].as<int>(),
                        .bytes = row["bytes"].as<int64_t>()});
    }
    return pieces;
  });
}

absl::StatusOr<std::string> ExportStore::Read(const std::string& organisation_id,
                                              const std::string& export_id,
                                              const ExportPiece& piece) {
  using Result = absl::StatusOr<std::string>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto found = tx.Exec(kRead, organisation_id, export_id, piece.number);
    if (found.empty()) return Refuse(common::v1::NOT_FOUND, "the export is gone");
    return Open(options_.key, ContextOf(organisation_id, export_id, piece),
                BytesFromSql(found[0]["sealed"]));
  });
}

absl::StatusOr<std::vector<Document>> ExportStore::Documents(const std::string& organisation_id,
                                                             const std::string& export_id) {
  using Result = absl::StatusOr<std::vector<Document>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Document> documents;
    for (const auto& row : tx.Exec(kDocuments, organisation_id, export_id)) {
      const pqxx::field share_time = row["share_time"];
      documents.push_back(
          {.organisation_id = organisation_id,
           .document_id = row["document_id"].c_str(),
           .filename = row["filename"].c_str(),
           .size_bytes = row["size_bytes"].as<int64_t>(),
           .from_client = row["from_client"].as<bool>(),
           .scan = static_cast<Scan>(row["scan"].as<int>()),
           .folder = row["folder"].c_str(),
           .share_time = share_time.is_null() ? absl::InfiniteFuture() : TimeFromSql(share_time),
           .create_time = TimeFromSql(row["create_time"])});
    }
    return documents;
  });
}

absl::StatusOr<std::vector<SentFile>> ExportStore::Sent(const std::string& organisation_id,
                                                        const std::string& export_id) {
  using Result = absl::StatusOr<std::vector<SentFile>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<SentFile> sent;
    for (const auto& row : tx.Exec(kSent, organisation_id, export_id)) {
      sent.push_back({.signature_request_id = row["signature_request_id"].c_str(),
                      .filename = row["filename"].c_str(),
                      .size_bytes = row["size_bytes"].as<int64_t>()});
    }
    return sent;
  });
}

}  // namespace gatehouse::documents
