#include "services/cases/store/case_file.h"

#include "gatehouse/common/v1/reasons.pb.h"

namespace gatehouse::cases {
namespace {

constexpr char kTouch[] = R"sql(
  UPDATE case_file SET version = version + 1, update_time = clock_timestamp()
  WHERE organisation_id = $1 AND case_id = $2 AND $3 IN ('', version::text)
  RETURNING version)sql";

constexpr char kEtag[] =
    "SELECT version FROM case_file WHERE organisation_id = $1 AND case_id = $2";

}  // namespace

absl::StatusOr<std::string> CaseFile::Touch(const std::string& organisation_id,
                                            const std::string& case_id, const std::string& etag) {
  using Result = absl::StatusOr<std::string>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto touched = tx.Exec(kTouch, organisation_id, case_id, etag);
    if (!touched.empty()) return std::string(touched[0]["version"].c_str());
    RETURN_IF_ERROR(Etag(organisation_id, case_id).status());
    return Refuse(common::v1::ETAG_MISMATCH,
                  "the case has changed since it was read: read it again");
  });
}

absl::StatusOr<std::string> CaseFile::Etag(const std::string& organisation_id,
                                           const std::string& case_id) {
  using Result = absl::StatusOr<std::string>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto found = tx.Exec(kEtag, organisation_id, case_id);
    if (found.empty()) return Refuse(common::v1::NOT_FOUND, "there is no such case");
    return std::string(found[0]["version"].c_str());
  });
}

}  // namespace gatehouse::cases
