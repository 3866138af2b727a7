#include "services/notification/removals/store/removal_store.h"

#include "services/common/base/proto_time.h"

namespace gatehouse::notification {
namespace {

// $3 is the aside's id, $4 the time of the removal.
constexpr const char* kAside[] = {
    "UPDATE message SET case_id = $3 WHERE organisation_id = $1 AND case_id = $2 "
    "AND create_time <= $4",
    "UPDATE conversation_message SET case_id = $3 WHERE organisation_id = $1 AND case_id = $2 "
    "AND create_time <= $4"};

}  // namespace

absl::Status RemovalStore::PutAside(const std::string& organisation_id, const std::string& case_id,
                                    const cases::v1::CaseRemoval& removal) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    for (const char* sql : kAside) {
      tx.Exec(sql, organisation_id, case_id, removal.aside_id(),
              ToSql(gatehouse::FromProto(removal.remove_time())));
    }
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::notification
