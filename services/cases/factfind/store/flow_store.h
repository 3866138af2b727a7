#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cases/factfind/domain/definition.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// The sections of fact finds, and the flows that are made of them. Every method is about one
// organisation's rows.
class FlowStore {
 public:
  explicit FlowStore(Postgres& postgres) : postgres_(postgres) {}

  // With an etag, only where that is the current one. Refuses ETAG_MISMATCH, SECTION_LIMIT_REACHED.
  absl::StatusOr<Section> PutSection(const std::string& organisation_id,
                                     const v1::PutSectionRequest& section);
  // Puts it where there is none of its id. Refuses SECTION_LIMIT_REACHED.
  absl::Status AddSection(const std::string& organisation_id, const Section& section);
  // Refuses NOT_FOUND.
  absl::StatusOr<Section> GetSection(const std::string& organisation_id,
                                     const std::string& section_id);
  // By their ids, without their subsections.
  absl::StatusOr<std::vector<Section>> ListSections(const std::string& organisation_id);

  // Makes the next version, of the sections as they are now, unless it is the same as the current
  // one: what holds then. Refuses what Resolve() does, ETAG_MISMATCH, FLOW_LIMIT_REACHED.
  absl::StatusOr<Flow> PutFlow(const std::string& organisation_id,
                               const v1::PutFlowRequest& request);
  // The same of a ready-made flow, after those of its sections that are not there, whole or not at
  // all.
  absl::StatusOr<Flow> PutPreset(const std::string& organisation_id, const std::string& flow_id,
                                 v1::FlowPreset preset);
  // `version` 0: the current one. Refuses NOT_FOUND.
  absl::StatusOr<Flow> GetFlow(const std::string& organisation_id, const std::string& flow_id,
                               int version);
  // By their ids, without definition and videos.
  absl::StatusOr<std::vector<Flow>> ListFlows(const std::string& organisation_id);
  // Refuses NOT_FOUND.
  absl::Status PutVideos(const v1::PutFlowVideosRequest& videos,
                         const std::string& organisation_id);
  // Refuses FLOW_UNKNOWN for the first that is not there.
  absl::Status Check(const std::string& organisation_id, const std::vector<std::string>& flow_ids);

  // A version without its videos, which never changes: as it was read once. Refuses NOT_FOUND.
  absl::StatusOr<std::shared_ptr<const Flow>> Version(const std::string& organisation_id,
                                                      const std::string& flow_id, int version);

 private:
  Postgres& postgres_;
  std::mutex mutex_;
  std::map<std::tuple<std::string, std::string, int>, std::shared_ptr<const Flow>> versions_;
};

}  // namespace gatehouse::cases
