#pragma once

#include "gatehouse/documents/v1/exports.pb.h"
#include "services/common/postgres/once.h"
#include "services/documents/downloads/handler.h"
#include "services/documents/exports/exporting.h"
#include "services/documents/exports/store/export_store.h"

namespace gatehouse::documents {

// The RPCs of proto/gatehouse/documents/v1/exports.proto.
class ExportsHandler {
 public:
  struct Parts {
    ExportStore& exports;
    ExportServices& services;
    BlobStore& blobs;
    RulesStore& rules;
    Once& once;
  };
  explicit ExportsHandler(const Parts& parts) : parts_(parts) {}

  absl::StatusOr<pb::Export> CreateExport(const Call& call, const pb::CreateExportRequest& request);
  absl::StatusOr<pb::Export> GetExport(const Call& call, const pb::GetExportRequest& request);
  absl::StatusOr<pb::ListExportsResponse> ListExports(const Call& call,
                                                      const pb::ListExportsRequest& request);
  DownloadsHandler::Sends DownloadExport(const Call& call,
                                         const pb::DownloadExportRequest& request);

 private:
  const Parts parts_;
};

}  // namespace gatehouse::documents
