#pragma once

#include <optional>
#include <string>

#include "services/common/jobs/sweeper.h"
#include "services/common/service/service_config.h"
#include "services/documents/previews/domain/previewing.h"
#include "services/documents/previews/handler.h"
#include "services/documents/previews/preview_job.h"
#include "services/documents/previews/previewer_process.h"
#include "services/documents/previews/store/postgres_previews.h"

namespace gatehouse::documents {

// Where documents and their rules are, and whether a scanner is set up.
struct PreviewSources {
  DocumentStore& documents;
  BlobStore& blobs;
  RulesStore& rules;
  bool scans = false;
};

// Has previews made while it lives.
struct MakingPreviews {
  MakingPreviews(const std::string& program, ServiceBase& base, PreviewStore& store,
                 PreviewSources from);
  PreviewerProcess previewer;
  Previewing previewing;
  WorkerPool workers{"previews", 1, 1};
  const Jobs jobs;
  Sweeper catching_up;  // Once an hour: replicas that make none may be there as well.
};

// Previews, while it lives; without a program those that are there are given, and none is made.
struct Previews {
  Previews(const std::string& program, ServiceBase& base, Effects& effects, PreviewSources from);
  PostgresPreviews store;
  PreviewsHandler handler;
  std::optional<MakingPreviews> making;
};

}  // namespace gatehouse::documents
