#include "services/common/rpc/declared_events.h"

#include <google/protobuf/descriptor_database.h>

#include <vector>

#include "absl/strings/match.h"

namespace gatehouse {

using google::protobuf::DescriptorPool;

std::map<std::string, const google::protobuf::Descriptor*> DeclaredEvents(
    common::v1::EventStream stream) {
  std::vector<std::string> names;
  DescriptorPool::internal_generated_database()->FindAllFileNames(&names);
  std::map<std::string, const google::protobuf::Descriptor*> events;
  for (const std::string& name : names) {
    if (!absl::StartsWith(name, "gatehouse/")) continue;
    const auto* file = DescriptorPool::generated_pool()->FindFileByName(name);
    for (int i = 0; i < file->message_type_count(); ++i) {
      const auto& rule = file->message_type(i)->options().GetExtension(common::v1::event);
      const bool on_trail = rule.stream() == common::v1::TRAIL;
      if (!rule.type().empty() && on_trail == (stream == common::v1::TRAIL)) {
        events[rule.type()] = file->message_type(i);
      }
    }
  }
  return events;
}

}  // namespace gatehouse
