#include "services/notification/event_proto.h"

#include "absl/strings/numbers.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/proto_time.h"

namespace gatehouse::notification {

v1::Event ToProto(const Event& event) {
  v1::Event proto;
  proto.set_event_id(event.event_id);
  proto.set_type(event.type);
  proto.set_case_id(event.case_id);
  *proto.mutable_time() = gatehouse::ToProto(event.time);
  proto.mutable_data()->insert(event.data.begin(), event.data.end());
  return proto;
}

absl::StatusOr<int64_t> NumberAfter(const Page& page) {
  int64_t number = 0;
  if (page.after.empty() || (absl::SimpleAtoi(page.after, &number) && number >= 0)) return number;
  return Refuse(common::v1::PAGE_TOKEN_INVALID, "the page token is not one that this list gave");
}

}  // namespace gatehouse::notification
