#include "services/documents/resumable/store/postgres_uploads.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

// $1 to $4 are the owner's, in each query.
const std::string kOwned =
    " organisation_id = $1 AND case_id = $2 AND from_client = $3 AND uploader_id = $4 ";

const std::string kSelect = absl::StrCat(
    "SELECT upload_id, metadata, filename, length, byte_offset, parts, is_partial, joins, "
    "document_id, "
    "expire_time FROM upload WHERE ",
    kOwned);
const std::string kGet = absl::StrCat(kSelect, "AND upload_id = $5 AND expire_time > $6");
const std::string kGetJoined =
    absl::StrCat(kSelect, "AND joins = $5 AND document_id <> '' LIMIT 1");

const std::string kListParts = absl::StrCat(
    "SELECT part_id, bytes FROM upload_part WHERE organisation_id = $1 AND upload_id = (SELECT "
    "upload_id FROM upload WHERE ",
    kOwned, "AND upload_id = $5) ORDER BY number");

const std::string kCountOpen = absl::StrCat("SELECT count(*) AS open FROM upload WHERE ", kOwned,
                                            "AND document_id = '' AND expire_time > now()");

// Those that will be joined are no documents themselves, and what they are joined to has their
// bytes. What has expired counts by the bytes that came, until it is swept, by when they are
// collected.
constexpr char kOpen[] =
    "SELECT case_id = $2 AS here, case_id = $2 AND from_client AND $3 AND uploader_id = $4 AS own, "
    "count(*) FILTER (WHERE NOT is_partial AND expire_time > now()) AS documents, "
    "sum(CASE WHEN expire_time > now() THEN coalesce(length, byte_offset) ELSE byte_offset END)"
    "::bigint AS bytes FROM upload WHERE organisation_id = $1 "
    "AND document_id = '' AND joins = '' GROUP BY 1, 2";

constexpr char kInsert[] =
    "INSERT INTO upload (organisation_id, case_id, from_client, uploader_id, upload_id, metadata, "
    "filename, length, is_partial, joins, expire_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

const std::string kHold =
    absl::StrCat("UPDATE upload SET holder = $5, length = coalesce(length, $6) WHERE ", kOwned,
                 "AND upload_id = $7 AND byte_offset = $8 AND document_id = ''");

// The number of the part is that of the bytes before it.
const std::string kAddPart = absl::StrCat(
    "WITH held AS (UPDATE upload SET byte_offset = byte_offset + $5, parts = parts + 1 WHERE ",
    kOwned,
    "AND upload_id = $6 AND holder = $7 AND document_id = '' "
    "RETURNING organisation_id, upload_id, byte_offset) "
    "INSERT INTO upload_part (organisation_id, upload_id, number, part_id, bytes) "
    "SELECT organisation_id, upload_id, byte_offset - $5, $8, $5 FROM held RETURNING 1");

const std::string kLock = absl::StrCat("SELECT 1 FROM upload WHERE ", kOwned,
                                       "AND upload_id = $5 AND holder = $6 AND document_id = '' "
                                       "FOR UPDATE");

const std::string kComplete =
    absl::StrCat("UPDATE upload SET document_id = $5, byte_offset = length WHERE ", kOwned,
                 "AND upload_id = $6");

const std::string kDelete = absl::StrCat("DELETE FROM upload WHERE ", kOwned, "AND upload_id = $5");

ResumableUpload UploadFrom(const pqxx::row& row) {
  ResumableUpload upload = {.upload_id = row["upload_id"].c_str(),
                            .metadata = row["metadata"].c_str(),
                            .filename = row["filename"].c_str(),
                            .offset = row["byte_offset"].as<int64_t>(),
                            .parts = row["parts"].as<int>(),
                            .partial = row["is_partial"].as<bool>(),
                            .joins = row["joins"].c_str(),
                            .document_id = row["document_id"].c_str(),
                            .expire_time = TimeFromSql(row["expire_time"])};
  if (!row["length"].is_null()) upload.length = row["length"].as<int64_t>();
  return upload;
}

absl::StatusOr<ResumableUpload> OneOf(const pqxx::result& rows) {
  if (!rows.empty()) return UploadFrom(rows[0]);
  return Refuse(common::v1::NOT_FOUND, "there is no such upload");
}

// Whether all of these were there, and now are not.
bool TakeJoined(Transaction& tx, const UploadOwner& owner, const std::string& joins) {
  for (const absl::string_view id : absl::StrSplit(joins, ' ', absl::SkipEmpty())) {
    const auto taken = tx.Exec(kDelete.c_str(), owner.organisation_id, owner.case_id,
                               owner.from_client(), owner.uploader_id, std::string(id));
    if (taken.affected_rows() != 1) return false;
  }
  return true;
}

absl::Status TakenOver() {
  return Refuse(v1::UPLOAD_TAKEN_OVER, "another call goes on with the upload");
}

}  // namespace

absl::Status PostgresUploads::Create(const UploadOwner& owner, const ResumableUpload& upload,
                                     int max) {
  return postgres_.Write(Rows::Of(owner.organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto open = tx.Exec(kCountOpen.c_str(), owner.organisation_id, owner.case_id,
                              owner.from_client(), owner.uploader_id);
    if (open[0]["open"].as<int>() >= max) {
      return WithFact(Refuse(v1::UPLOAD_LIMIT_REACHED, "too many uploads are under way"), "max",
                      absl::StrCat(max));
    }
    tx.Exec(kInsert, owner.organisation_id, owner.case_id, owner.from_client(), owner.uploader_id,
            upload.upload_id, upload.metadata, upload.filename, upload.length, upload.partial,
            upload.joins, ToSql(upload.expire_time));
    return absl::OkStatus();
  });
}

absl::StatusOr<Usages> PostgresUploads::Open(const UploadOwner& owner) {
  return postgres_.Read(
      Rows::Of(owner.organisation_id), [&](Transaction& tx) -> absl::StatusOr<Usages> {
        Usages open;
        for (const auto& row : tx.Exec(kOpen, owner.organisation_id, owner.case_id,
                                       owner.from_client(), owner.uploader_id)) {
          const Usage usage = {row["documents"].as<int64_t>(), row["bytes"].as<int64_t>()};
          open.organisation = Sum(open.organisation, usage);
          if (row["here"].as<bool>()) open.of_case = Sum(open.of_case, usage);
          if (row["own"].as<bool>()) open.contact = Sum(open.contact, usage);
        }
        return open;
      });
}

absl::StatusOr<ResumableUpload> PostgresUploads::Get(const UploadOwner& owner,
                                                     const std::string& upload_id, absl::Time now) {
  return postgres_.Read(
      Rows::Of(owner.organisation_id), [&](Transaction& tx) -> absl::StatusOr<ResumableUpload> {
        return OneOf(tx.Exec(kGet.c_str(), owner.organisation_id, owner.case_id,
                             owner.from_client(), owner.uploader_id, upload_id, ToSql(now)));
      });
}

absl::StatusOr<ResumableUpload> PostgresUploads::GetJoined(const UploadOwner& owner,
                                                           const std::string& joins) {
  return postgres_.Read(
      Rows::Of(owner.organisation_id), [&](Transaction& tx) -> absl::StatusOr<ResumableUpload> {
        return OneOf(tx.Exec(kGetJoined.c_str(), owner.organisation_id, owner.case_id,
                             owner.from_client(), owner.uploader_id, joins));
      });
}

absl::StatusOr<std::vector<UploadPart>> PostgresUploads::ListParts(const UploadOwner& owner,
                                                                   const std::string& upload_id) {
  using Result = absl::StatusOr<std::vector<UploadPart>>;
  return postgres_.Read(Rows::Of(owner.organisation_id), [&](Transaction& tx) -> Result {
    std::vector<UploadPart> parts;
    for (const auto& row : tx.Exec(kListParts.c_str(), owner.organisation_id, owner.case_id,
                                   owner.from_client(), owner.uploader_id, upload_id)) {
      parts.push_back({row["part_id"].c_str(), row["bytes"].as<int64_t>()});
    }
    return parts;
  });
}

absl::Status PostgresUploads::Hold(const UploadOwner& owner, const ResumableUpload& upload,
                                   const std::string& holder) {
  return postgres_.WriteOne(Rows::Of(owner.organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto held =
        tx.Exec(kHold.c_str(), owner.organisation_id, owner.case_id, owner.from_client(),
                owner.uploader_id, holder, upload.length, upload.upload_id, upload.offset);
    if (held.affected_rows() == 1) return absl::OkStatus();
    return Refuse(v1::UPLOAD_OFFSET_MISMATCH, "the upload stands at another place");
  });
}

absl::Status PostgresUploads::AddPart(const UploadOwner& owner, const std::string& upload_id,
                                      const std::string& holder, const UploadPart& part) {
  return postgres_.WriteOne(Rows::Of(owner.organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto added =
        tx.Exec(kAddPart.c_str(), owner.organisation_id, owner.case_id, owner.from_client(),
                owner.uploader_id, part.bytes, upload_id, holder, part.part_id);
    return added.empty() ? TakenOver() : absl::OkStatus();
  });
}

absl::StatusOr<std::string> PostgresUploads::Complete(const UploadOwner& owner,
                                                      const ResumableUpload& upload,
                                                      const std::string& holder, const Keep& keep) {
  using Result = absl::StatusOr<std::string>;
  return postgres_.Write(Rows::Of(owner.organisation_id), [&](Transaction& tx) -> Result {
    const auto held = tx.Exec(kLock.c_str(), owner.organisation_id, owner.case_id,
                              owner.from_client(), owner.uploader_id, upload.upload_id, holder);
    if (held.empty() || !TakeJoined(tx, owner, upload.joins)) return TakenOver();
    ASSIGN_OR_RETURN(const Document document, keep());
    tx.Exec(kComplete.c_str(), owner.organisation_id, owner.case_id, owner.from_client(),
            owner.uploader_id, document.document_id, upload.upload_id);
    return document.document_id;
  });
}

absl::Status PostgresUploads::Delete(const UploadOwner& owner, const std::string& upload_id) {
  return postgres_.WriteOne(Rows::Of(owner.organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(kDelete.c_str(), owner.organisation_id, owner.case_id, owner.from_client(),
            owner.uploader_id, upload_id);
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::documents
