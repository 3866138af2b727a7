#include "services/cases/drawing/store/drawing_store.h"

#include "absl/time/clock.h"
#include "gatehouse/cases/v1/events.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"
#include "services/common/jobs/events.h"

namespace gatehouse::cases {
namespace {

constexpr char kGet[] =
    "SELECT content, contact_id, version, update_time FROM drawing "
    "WHERE organisation_id = $1 AND case_id = $2";

constexpr char kPut[] = R"sql(
  INSERT INTO drawing AS d (organisation_id, case_id, content, contact_id)
  VALUES ($1, $2, $3, $4)
  ON CONFLICT (organisation_id, case_id) DO UPDATE SET content = $3, contact_id = $4,
    version = d.version + 1, update_time = clock_timestamp())sql";

// What the columns say is no part of the content.
std::string ContentOf(v1::Drawing drawing) {
  drawing.clear_contact_id();
  drawing.clear_etag();
  drawing.clear_update_time();
  return drawing.SerializeAsString();
}

}  // namespace

absl::StatusOr<v1::Drawing> DrawingStore::Get(const std::string& organisation_id,
                                              const std::string& case_id) {
  using Result = absl::StatusOr<v1::Drawing>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto found = tx.Exec(kGet, organisation_id, case_id);
    v1::Drawing drawing;
    if (found.empty()) {
      RETURN_IF_ERROR(cases_.Etag(organisation_id, case_id).status());
      return drawing;
    }
    drawing.ParseFromString(BytesFromSql(found[0]["content"]));
    drawing.set_contact_id(found[0]["contact_id"].c_str());
    drawing.set_etag(found[0]["version"].c_str());
    *drawing.mutable_update_time() = ToProto(TimeFromSql(found[0]["update_time"]));
    return drawing;
  });
}

absl::StatusOr<v1::Drawing> DrawingStore::Put(const std::string& organisation_id,
                                              const Change& change) {
  using Result = absl::StatusOr<v1::Drawing>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    RETURN_IF_ERROR(cases_.Touch(organisation_id, change.case_id, "").status());
    ASSIGN_OR_RETURN(const v1::Drawing before, Get(organisation_id, change.case_id));
    if (!change.etag.empty() && change.etag != before.etag()) {
      return Refuse(common::v1::ETAG_MISMATCH,
                    "the drawing has changed since it was read: read it again");
    }
    const std::string content = ContentOf(change.drawing);
    if (!before.etag().empty() && content == ContentOf(before)) return before;
    tx.Exec(kPut, organisation_id, change.case_id, Bytes(content), change.contact_id);
    v1::DrawingUpdated event;
    event.set_contact_id(change.contact_id);
    OutboxCalls calls(organisation_id);
    AddEvent(event,
             {.case_id = change.case_id,
              .time = absl::Now(),
              .order_key = "drawing:" + change.case_id,
              .once = ""},
             calls);
    outbox_.Add(tx, std::move(calls));
    return Get(organisation_id, change.case_id);
  });
}

}  // namespace gatehouse::cases
