#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gatehouse/documents/v1/exports.pb.h"
#include "services/common/base/caller.h"
#include "services/common/base/page.h"
#include "services/common/base/secret.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"
#include "services/documents/exports/domain/record_file.h"
#include "services/documents/uploads/domain/document.h"

namespace gatehouse::documents {

// The lane of jobs that make exports.
constexpr char kExportLane[] = "exports";

constexpr int kExportsMax = 1000;
constexpr int64_t kExportBytesMax = int64_t{2000} << 20;
constexpr int kExportFilesMax = 20'000;

// What was sent to be signed, and lies under its request's id.
struct SentFile {
  std::string signature_request_id, filename;
  int64_t size_bytes = 0;
};

// Exports of contacts, and what was gathered for them. `Postgres` does the rest: an export's pieces
// and files go with it.
class ExportStore {
 public:
  struct Options {
    Secret key;           // Seals what was gathered, at rest.
    absl::Duration kept;  // For how long, once it is ready.
  };
  ExportStore(Postgres& postgres, Outbox& outbox, Options options)
      : postgres_(postgres), outbox_(outbox), options_(std::move(options)) {}

  // Begins one: a job does the rest. One that is under way begins none. Refuses
  // EXPORT_LIMIT_REACHED.
  absl::StatusOr<v1::Export> Begin(const Call& call, const std::string& contact_id);
  // Refuses NOT_FOUND, also what is past its time.
  absl::StatusOr<v1::Export> Get(const std::string& organisation_id, const std::string& export_id);
  // Newest first.
  absl::StatusOr<std::vector<v1::Export>> List(const std::string& organisation_id,
                                               const Page& page);

  // Whether this is the export's next step still: a job may be done again, and the contact be
  // erased.
  absl::StatusOr<bool> IsNext(const std::string& organisation_id, const v1::ExportStep& step);
  // A step is done, and this was gathered: it is kept, and the next one is due. After the last one
  // the export is ready: its files are fixed, and `contact.exported` says so. Once.
  absl::Status Advance(const std::string& organisation_id, const v1::ExportStep& done,
                       const v1::ExportStep& next, const common::v1::ExportContactResponse& part);

  // Somebody begins to download it: the audit trail is told.
  absl::Status NoteDownload(const Call& call, const v1::Export& found);
  // What was gathered: by kinds, and of each in its order.
  absl::StatusOr<std::vector<ExportPiece>> Pieces(const std::string& organisation_id,
                                                  const std::string& export_id);
  // Refuses NOT_FOUND: the export may go while it is read.
  absl::StatusOr<std::string> Read(const std::string& organisation_id, const std::string& export_id,
                                   const ExportPiece& piece);
  // Of its files those that are there still.
  absl::StatusOr<std::vector<Document>> Documents(const std::string& organisation_id,
                                                  const std::string& export_id);
  absl::StatusOr<std::vector<SentFile>> Sent(const std::string& organisation_id,
                                             const std::string& export_id);

 private:
  absl::StatusOr<v1::Export> Make(Transaction& tx, const Call& call, const std::string& contact_id);
  void Keep(Transaction& tx, const std::string& organisation_id, const v1::ExportStep& done,
            const common::v1::ExportContactResponse& part);
  std::string ContextOf(const std::string& organisation_id, const std::string& export_id,
                        const ExportPiece& piece) const;

  Postgres& postgres_;
  Outbox& outbox_;
  const Options options_;
};

}  // namespace gatehouse::documents
