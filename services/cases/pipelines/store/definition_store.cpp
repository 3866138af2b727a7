#include "services/cases/pipelines/store/definition_store.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/postgres/arrays.h"

namespace gatehouse::cases {
namespace {

constexpr int kPipelinesMax = 100;

// The row, locked, whether or not there was one.
constexpr char kLock[] = R"sql(
  INSERT INTO pipeline AS p (organisation_id, pipeline_id, display_name, version)
  VALUES ($1, $2, $3, 0)
  ON CONFLICT (organisation_id, pipeline_id) DO UPDATE SET version = p.version
  RETURNING version, (SELECT count(*) FROM pipeline WHERE organisation_id = $1) AS others)sql";

constexpr char kAddVersion[] = R"sql(
  WITH changed AS (
    UPDATE pipeline SET display_name = $3, version = $4
    WHERE organisation_id = $1 AND pipeline_id = $2)
  INSERT INTO pipeline_version (organisation_id, pipeline_id, version, definition)
  VALUES ($1, $2, $4, $5) RETURNING pipeline_id, version, definition, create_time)sql";

constexpr char kAddKinds[] = R"sql(
  INSERT INTO pipeline_kind (organisation_id, pipeline_id, kind)
  SELECT $1, $2, kind FROM unnest($3::text[]) AS kind
  ON CONFLICT (organisation_id, kind) DO NOTHING)sql";

constexpr char kTaken[] =
    "SELECT kind, pipeline_id FROM pipeline_kind WHERE organisation_id = $1 AND pipeline_id <> $2 "
    "AND kind = ANY ($3::text[]) ORDER BY kind LIMIT 1";

constexpr char kGet[] = R"sql(
  SELECT v.pipeline_id, v.version, v.definition, v.create_time
  FROM pipeline AS p JOIN pipeline_version AS v
    ON v.organisation_id = p.organisation_id AND v.pipeline_id = p.pipeline_id
    AND v.version = CASE WHEN $3::integer = 0 THEN p.version ELSE $3::integer END
  WHERE p.organisation_id = $1 AND p.pipeline_id = $2)sql";

constexpr char kList[] = R"sql(
  SELECT p.pipeline_id, p.version, v.definition, v.create_time
  FROM pipeline AS p JOIN pipeline_version AS v USING (organisation_id, pipeline_id, version)
  WHERE p.organisation_id = $1 ORDER BY p.pipeline_id)sql";

// What is kept as the definition: nothing that Gatehouse sets.
std::string Kept(Pipeline pipeline) {
  pipeline.clear_version();
  pipeline.clear_etag();
  pipeline.clear_update_time();
  return pipeline.SerializeAsString();
}

absl::Status SetKinds(Transaction& tx, const std::string& organisation_id,
                      const Pipeline& pipeline) {
  const std::string kinds =
      SqlArray(std::vector<std::string>(pipeline.kinds().begin(), pipeline.kinds().end()));
  tx.Exec("DELETE FROM pipeline_kind WHERE organisation_id = $1 AND pipeline_id = $2",
          organisation_id, pipeline.pipeline_id());
  tx.Exec(kAddKinds, organisation_id, pipeline.pipeline_id(), kinds);
  const auto taken = tx.Exec(kTaken, organisation_id, pipeline.pipeline_id(), kinds);
  if (taken.empty()) return absl::OkStatus();
  const absl::Status refusal =
      Refuse(v1::KIND_TAKEN, "cases of this kind begin on another pipeline");
  return WithFact(WithFact(refusal, "kind", taken[0]["kind"].c_str()), "pipelineId",
                  taken[0]["pipeline_id"].c_str());
}

}  // namespace

Pipeline DefinitionStore::From(const pqxx::row& row) {
  Pipeline pipeline;
  pipeline.ParseFromString(BytesFromSql(row["definition"]));
  pipeline.set_version(row["version"].as<int>());
  pipeline.set_etag(row["version"].c_str());
  *pipeline.mutable_update_time() = ToProto(TimeFromSql(row["create_time"]));
  return pipeline;
}

absl::StatusOr<Pipeline> DefinitionStore::Put(const std::string& organisation_id,
                                              const Pipeline& pipeline) {
  const std::string& id = pipeline.pipeline_id();
  using Result = absl::StatusOr<Pipeline>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto locked = tx.Exec(kLock, organisation_id, id, pipeline.display_name());
    const int version = locked[0]["version"].as<int>();
    if (!pipeline.etag().empty() && pipeline.etag() != absl::StrCat(version)) {
      return Refuse(common::v1::ETAG_MISMATCH,
                    "the pipeline has changed since it was read: read it again");
    }
    // The count is of those before: this statement does not see its own row.
    if (version == 0 && locked[0]["others"].as<int>() >= kPipelinesMax) {
      return Refuse(v1::PIPELINE_LIMIT_REACHED, "an organisation has a hundred pipelines at most");
    }
    if (version > 0) {
      const auto current = tx.Exec(kGet, organisation_id, id, 0);
      if (BytesFromSql(current[0]["definition"]) == Kept(pipeline)) return From(current[0]);
    }
    const auto added = tx.Exec(kAddVersion, organisation_id, id, pipeline.display_name(),
                               version + 1, Bytes(Kept(pipeline)));
    RETURN_IF_ERROR(SetKinds(tx, organisation_id, pipeline));
    return From(added[0]);
  });
}

absl::StatusOr<Pipeline> DefinitionStore::Get(const std::string& organisation_id,
                                              const std::string& pipeline_id, int version) {
  using Result = absl::StatusOr<Pipeline>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto found = tx.Exec(kGet, organisation_id, pipeline_id, version);
    if (found.empty()) return Refuse(common::v1::NOT_FOUND, "there is no such pipeline");
    return From(found[0]);
  });
}

absl::StatusOr<std::vector<Pipeline>> DefinitionStore::List(const std::string& organisation_id) {
  using Result = absl::StatusOr<std::vector<Pipeline>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Pipeline> pipelines;
    for (const pqxx::row& row : tx.Exec(kList, organisation_id)) {
      pipelines.push_back(From(row));
      pipelines.back().clear_states();
    }
    return pipelines;
  });
}

}  // namespace gatehouse::cases
