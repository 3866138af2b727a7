#include "services/cases/factfind/store/flow_store.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/postgres/arrays.h"

namespace gatehouse::cases {
namespace {

constexpr int kSectionsMax = 200;
constexpr int kFlowsMax = 100;
constexpr size_t kRememberedMax = 64;  // A flow has a few hundred KiB at most.

// The row as it was, locked, whether or not there was one; and how many there are without it.
constexpr char kLockSection[] = R"sql(
  INSERT INTO fact_section AS s (organisation_id, section_id, display_name, version, definition)
  VALUES ($1, $2, $3, 0, '')
  ON CONFLICT (organisation_id, section_id) DO UPDATE SET version = s.version
  RETURNING version, (SELECT count(*) FROM fact_section WHERE organisation_id = $1) AS others)sql";

constexpr char kPutSection[] = R"sql(
  UPDATE fact_section SET version = $3, display_name = $4, definition = $5,
    update_time = clock_timestamp()
  WHERE organisation_id = $1 AND section_id = $2 RETURNING *)sql";

constexpr char kSections[] =
    "SELECT * FROM fact_section WHERE organisation_id = $1 AND section_id = ANY ($2::text[])";

constexpr char kListSections[] =
    "SELECT * FROM fact_section WHERE organisation_id = $1 ORDER BY section_id";

constexpr char kLockFlow[] = R"sql(
  INSERT INTO flow AS f (organisation_id, flow_id, version) VALUES ($1, $2, 0)
  ON CONFLICT (organisation_id, flow_id) DO UPDATE SET version = f.version
  RETURNING version, (SELECT count(*) FROM flow WHERE organisation_id = $1) AS others)sql";

constexpr char kAddVersion[] = R"sql(
  WITH changed AS (
    UPDATE flow SET version = $3 WHERE organisation_id = $1 AND flow_id = $2
    RETURNING videos),
  added AS (
    INSERT INTO flow_version (organisation_id, flow_id, version, definition)
    VALUES ($1, $2, $3, $4) RETURNING version, definition, create_time)
  SELECT added.*, videos FROM added, changed)sql";

constexpr char kGetFlow[] = R"sql(
  SELECT v.version, v.definition, v.create_time, f.videos
  FROM flow AS f JOIN flow_version AS v
    ON v.organisation_id = f.organisation_id AND v.flow_id = f.flow_id
    AND v.version = CASE WHEN $3::integer = 0 THEN f.version ELSE $3::integer END
  WHERE f.organisation_id = $1 AND f.flow_id = $2)sql";

constexpr char kListFlows[] = R"sql(
  SELECT v.version, v.definition, v.create_time, ''::bytea AS videos
  FROM flow AS f JOIN flow_version AS v USING (organisation_id, flow_id, version)
  WHERE f.organisation_id = $1 ORDER BY f.flow_id)sql";

constexpr char kUnknown[] = R"sql(
  SELECT asked FROM unnest($2::text[]) AS asked
  WHERE NOT EXISTS (SELECT FROM flow WHERE organisation_id = $1 AND flow_id = asked) LIMIT 1)sql";

// What is kept of a section: nothing that Gatehouse sets.
std::string Kept(const v1::PutSectionRequest& request) {
  Section section;
  section.set_section_id(request.section_id());
  section.set_display_name(request.display_name());
  section.set_description(request.description());
  *section.mutable_subsections() = request.subsections();
  return section.SerializeAsString();
}

Section SectionFrom(const pqxx::row& row) {
  Section section;
  section.ParseFromString(BytesFromSql(row["definition"]));
  section.set_etag(row["version"].c_str());
  *section.mutable_update_time() = ToProto(TimeFromSql(row["update_time"]));
  return section;
}

Flow FlowFrom(const pqxx::row& row) {
  Flow flow;
  flow.ParseFromString(BytesFromSql(row["definition"]));
  flow.set_version(row["version"].as<int>());
  flow.set_etag(row["version"].c_str());
  *flow.mutable_update_time() = ToProto(TimeFromSql(row["create_time"]));
  v1::PutFlowVideosRequest videos;
  videos.ParseFromString(BytesFromSql(row["videos"]));
  flow.set_show_videos(videos.show_videos());
  *flow.mutable_videos() = videos.videos();
  return flow;
}

Flow FlowFrom(const v1::PutFlowRequest& request, const std::vector<Section>& sections) {
  Flow flow;
  flow.set_flow_id(request.flow_id());
  flow.set_type(request.type());
  flow.set_display_name(request.display_name());
  *flow.mutable_sections() = request.sections();
  for (const Section& section : sections) *flow.add_definition() = section;
  flow.set_submit_action(request.submit_action());
  return flow;
}

absl::Status SectionsFull() {
  return Refuse(v1::SECTION_LIMIT_REACHED, "a fact find has two hundred sections at most");
}

absl::Status Mismatch(const std::string& what) {
  return Refuse(common::v1::ETAG_MISMATCH,
                absl::StrCat("the ", what, " has changed since it was read: read it again"));
}

}  // namespace

absl::StatusOr<Section> FlowStore::PutSection(const std::string& organisation_id,
                                              const v1::PutSectionRequest& section) {
  const std::string& id = section.section_id();
  return postgres_.Write(
      Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Section> {
        const auto locked = tx.Exec(kLockSection, organisation_id, id, section.display_name());
        const int version = locked[0]["version"].as<int>();
        if (!section.etag().empty() && section.etag() != absl::StrCat(version)) {
          return Mismatch("section");
        }
        // The count is of those before: this statement does not see its own row.
        if (version == 0 && locked[0]["others"].as<int>() >= kSectionsMax) return SectionsFull();
        const auto put = tx.Exec(kPutSection, organisation_id, id, version + 1,
                                 section.display_name(), Bytes(Kept(section)));
        return SectionFrom(put[0]);
      });
}

absl::Status FlowStore::AddSection(const std::string& organisation_id, const Section& section) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto locked =
        tx.Exec(kLockSection, organisation_id, section.section_id(), section.display_name());
    if (locked[0]["version"].as<int>() > 0) return absl::OkStatus();
    if (locked[0]["others"].as<int>() >= kSectionsMax) return SectionsFull();
    tx.Exec(kPutSection, organisation_id, section.section_id(), 1, section.display_name(),
            Bytes(section.SerializeAsString()));
    return absl::OkStatus();
  });
}

absl::StatusOr<Section> FlowStore::GetSection(const std::string& organisation_id,
                                              const std::string& section_id) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Section> {
    const auto found = tx.Exec(kSections, organisation_id, SqlArray({section_id}));
    if (!found.empty()) return SectionFrom(found[0]);
    return Refuse(common::v1::NOT_FOUND, "there is no such section");
  });
}

absl::StatusOr<std::vector<Section>> FlowStore::ListSections(const std::string& organisation_id) {
  using Result = absl::StatusOr<std::vector<Section>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Section> sections;
    for (const pqxx::row& row : tx.Exec(kListSections, organisation_id)) {
      sections.push_back(SectionFrom(row));
      sections.back().clear_subsections();
    }
    return sections;
  });
}

absl::StatusOr<Flow> FlowStore::PutFlow(const std::string& organisation_id,
                                        const v1::PutFlowRequest& request) {
  const std::string& id = request.flow_id();
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Flow> {
    const auto locked = tx.Exec(kLockFlow, organisation_id, id);
    const int version = locked[0]["version"].as<int>();
    if (!request.etag().empty() && request.etag() != absl::StrCat(version)) {
      return Mismatch("flow");
    }
    if (version == 0 && locked[0]["others"].as<int>() >= kFlowsMax) {
      return Refuse(v1::FLOW_LIMIT_REACHED, "an organisation has a hundred flows at most");
    }
    std::vector<std::string> chosen;
    for (const v1::FlowSection& section : request.sections()) {
      chosen.push_back(section.section_id());
    }
    std::map<std::string, Section> known;
    for (const pqxx::row& row : tx.Exec(kSections, organisation_id, SqlArray(chosen))) {
      known[row["section_id"].c_str()] = SectionFrom(row);
    }
    ASSIGN_OR_RETURN(const std::vector<Section> sections, Resolve(request, known));
    const std::string kept = FlowFrom(request, sections).SerializeAsString();
    if (version > 0) {
      const auto current = tx.Exec(kGetFlow, organisation_id, id, 0);
      if (BytesFromSql(current[0]["definition"]) == kept) return FlowFrom(current[0]);
    }
    return FlowFrom(tx.Exec(kAddVersion, organisation_id, id, version + 1, Bytes(kept))[0]);
  });
}

absl::StatusOr<Flow> FlowStore::PutPreset(const std::string& organisation_id,
                                          const std::string& flow_id, v1::FlowPreset preset) {
  const auto* value = v1::FlowPreset_descriptor()->FindValueByNumber(preset);
  const auto& ready = value->options().GetExtension(v1::flow_preset);
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction&) -> absl::StatusOr<Flow> {
    v1::PutFlowRequest request;
    request.set_flow_id(flow_id);
    request.set_type(ready.type());
    request.set_display_name(ready.display_name());
    for (const Section& section : ready.sections()) {
      RETURN_IF_ERROR(AddSection(organisation_id, section));
      request.add_sections()->set_section_id(section.section_id());
    }
    return PutFlow(organisation_id, request);
  });
}

absl::StatusOr<Flow> FlowStore::GetFlow(const std::string& organisation_id,
                                        const std::string& flow_id, int version) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Flow> {
    const auto found = tx.Exec(kGetFlow, organisation_id, flow_id, version);
    if (found.empty()) return Refuse(common::v1::NOT_FOUND, "there is no such flow");
    return FlowFrom(found[0]);
  });
}

absl::StatusOr<std::vector<Flow>> FlowStore::ListFlows(const std::string& organisation_id) {
  using Result = absl::StatusOr<std::vector<Flow>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Flow> flows;
    for (const pqxx::row& row : tx.Exec(kListFlows, organisation_id)) {
      flows.push_back(FlowFrom(row));
      flows.back().clear_definition();
    }
    return flows;
  });
}

absl::Status FlowStore::PutVideos(const v1::PutFlowVideosRequest& videos,
                                  const std::string& organisation_id) {
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto put = tx.Exec(
        "UPDATE flow SET videos = $3 WHERE organisation_id = $1 AND flow_id = $2 RETURNING flow_id",
        organisation_id, videos.flow_id(), Bytes(videos.SerializeAsString()));
    if (put.empty()) return Refuse(common::v1::NOT_FOUND, "there is no such flow");
    return absl::OkStatus();
  });
}

absl::Status FlowStore::Check(const std::string& organisation_id,
                              const std::vector<std::string>& flow_ids) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto unknown = tx.Exec(kUnknown, organisation_id, SqlArray(flow_ids));
    if (unknown.empty()) return absl::OkStatus();
    return WithFact(Refuse(v1::FLOW_UNKNOWN, "the organisation has no such flow"), "flowId",
                    unknown[0]["asked"].c_str());
  });
}

absl::StatusOr<std::shared_ptr<const Flow>> FlowStore::Version(const std::string& organisation_id,
                                                               const std::string& flow_id,
                                                               int version) {
  const std::tuple key(organisation_id, flow_id, version);
  {
    const std::lock_guard lock(mutex_);
    const auto known = versions_.find(key);
    if (known != versions_.end()) return known->second;
  }
  ASSIGN_OR_RETURN(Flow flow, GetFlow(organisation_id, flow_id, version));
  flow.clear_videos();
  auto read = std::make_shared<const Flow>(std::move(flow));
  const std::lock_guard lock(mutex_);
  if (versions_.size() >= kRememberedMax) versions_.clear();
  versions_[key] = read;
  return read;
}

}  // namespace gatehouse::cases
