#include "services/common/jobs/events.h"

#include <google/protobuf/descriptor.h>

#include <cstdlib>

#include "gatehouse/common/v1/options.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/observe/log.h"

namespace gatehouse {
namespace {

using google::protobuf::FieldDescriptor;

std::string TypeOf(const google::protobuf::Descriptor& event) {
  const std::string& type = event.options().GetExtension(common::v1::event).type();
  if (!type.empty()) return type;
  LogError("event.undeclared", {{"message", event.full_name()}});
  std::abort();
}

}  // namespace

std::map<std::string, std::string> FactsOf(const google::protobuf::Message& event) {
  std::map<std::string, std::string> facts;
  std::vector<const FieldDescriptor*> set;
  event.GetReflection()->ListFields(event, &set);
  for (const FieldDescriptor* field : set) {
    facts[field->json_name()] = event.GetReflection()->GetString(event, field);
  }
  return facts;
}

void AddEvent(const google::protobuf::Message& event, const Happening& happening,
              OutboxCalls& calls) {
  notification::v1::PublishEventRequest request;
  request.set_type(TypeOf(*event.GetDescriptor()));
  request.set_case_id(happening.case_id);
  request.set_request_id(happening.once);
  *request.mutable_time() = ToProto(happening.time);
  const auto facts = FactsOf(event);
  request.mutable_data()->insert(facts.begin(), facts.end());
  calls.Add(&notification::v1::Intake_Stub::PublishEvent, request, happening.order_key);
}

}  // namespace gatehouse
