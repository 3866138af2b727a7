#include "services/common/jobs/events.h"

#include <google/protobuf/descriptor.h>

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "gatehouse/identity/v1/organisations.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/observe/log.h"

namespace gatehouse {
namespace {

using google::protobuf::FieldDescriptor;

// Empty: it is none of this stream.
std::string FindType(common::v1::EventStream stream, const google::protobuf::Descriptor& event) {
  const auto& rule = event.options().GetExtension(common::v1::event);
  const bool on_trail = rule.stream() == common::v1::TRAIL;
  return on_trail == (stream == common::v1::TRAIL) ? rule.type() : "";
}

std::string TypeOn(common::v1::EventStream stream, const google::protobuf::Descriptor& event) {
  std::string type = FindType(stream, event);
  if (!type.empty()) return type;
  LogError("event.undeclared", {{"message", event.full_name()}});
  std::abort();
}

}  // namespace

std::vector<ToldEvent>& ToldEvents() {
  static std::vector<ToldEvent> told;
  return told;
}

std::vector<std::string> UndeclaredOf(const std::vector<ToldEvent>& told) {
  std::vector<std::string> undeclared;
  for (const ToldEvent& event : told) {
    const auto& message = *event.message();
    if (FindType(event.stream, message).empty()) undeclared.push_back(message.full_name());
  }
  return undeclared;
}

std::map<std::string, std::string> FactsOf(const google::protobuf::Message& event) {
  std::map<std::string, std::string> facts;
  std::vector<const FieldDescriptor*> set;
  event.GetReflection()->ListFields(event, &set);
  for (const FieldDescriptor* field : set) {
    facts[field->json_name()] = event.GetReflection()->GetString(event, field);
  }
  return facts;
}

void AddEventMessage(const google::protobuf::Message& event, const Happening& happening,
                     OutboxCalls& calls) {
  // What was put aside is of a case that nobody can name: `case.deleted` was the last of it.
  if (absl::StartsWith(happening.case_id, "~")) return;
  notification::v1::PublishEventRequest request;
  request.set_type(TypeOn(common::v1::FEED, *event.GetDescriptor()));
  request.set_case_id(happening.case_id);
  request.set_request_id(happening.once);
  *request.mutable_time() = ToProto(happening.time);
  const auto facts = FactsOf(event);
  request.mutable_data()->insert(facts.begin(), facts.end());
  calls.Add(&notification::v1::Intake_Stub::PublishEvent, request, happening.order_key);
}

void AddMessageToTrail(const google::protobuf::Message& event, const Deed& deed, const Call& call,
                       OutboxCalls& calls) {
  identity::v1::RecordAuditEventRequest request;
  identity::v1::AuditEvent& row = *request.mutable_audit_event();
  row.set_type(TypeOn(common::v1::TRAIL, *event.GetDescriptor()));
  row.set_subject_id(deed.subject_id);
  row.set_case_id(deed.case_id);
  row.set_actor_id(call.caller.actor_id);
  // A client is an id there: the trail cannot be mended when the client is to be forgotten.
  if (call.caller.kind != CallerKind::kClient) row.set_actor_name(call.caller.actor_name);
  row.set_client_address(call.client_address);
  row.set_request_id(call.request_id);
  row.set_client_request_id(call.client_request_id);
  *row.mutable_time() = ToProto(absl::Now());
  const auto facts = FactsOf(event);
  row.mutable_data()->insert(facts.begin(), facts.end());
  calls.Add(&identity::v1::AuditIntake_Stub::RecordAuditEvent, request);
}

}  // namespace gatehouse
