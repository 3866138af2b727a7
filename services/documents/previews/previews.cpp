#include "services/documents/previews/previews.h"

#include "services/common/base/crypto.h"

namespace gatehouse::documents {

MakingPreviews::MakingPreviews(const std::string& program, ServiceBase& base, PreviewStore& store,
                               PreviewSources from)
    : previewer(program),
      previewing({store, from.documents, from.blobs, from.rules, previewer, from.scans}),
      jobs(base.postgres(), {.key = DeriveKey(base.root_key(), "documents outbox"),
                             .lanes = {{kPreviewLane, PreviewLane(previewing, workers)}},
                             .report = ReportPreviews}),
      catching_up(base.postgres(), {}, base.clock(),
                  [this](absl::Time) { return previewing.CatchUp(); }) {
  catching_up.Start();
}

Previews::Previews(const std::string& program, ServiceBase& base, Effects& effects,
                   PreviewSources from)
    : store(base.postgres(), effects), handler(store, from.documents, from.blobs, from.rules) {
  if (!program.empty()) making.emplace(program, base, store, from);
}

}  // namespace gatehouse::documents
