#include "services/gateway/openapi/comments.h"

#include <google/protobuf/descriptor.pb.h>

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace gatehouse::gateway {
namespace {

template <typename Element>
std::string Above(const Element* element) {
  google::protobuf::SourceLocation location;
  if (element == nullptr || !element->GetSourceLocation(&location)) return "";
  std::vector<std::string> lines = absl::StrSplit(location.leading_comments, '\n');
  for (std::string& line : lines) line = std::string(absl::StripAsciiWhitespace(line));
  return std::string(absl::StripAsciiWhitespace(absl::StrJoin(lines, "\n")));
}

}  // namespace

Comments::Comments(const std::string& image) {
  google::protobuf::FileDescriptorSet files;
  files.ParseFromString(image);
  // In the order of their imports, as protoc writes them.
  for (const auto& file : files.file()) pool_.BuildFile(file);
}

std::string Comments::Of(const google::protobuf::ServiceDescriptor& service) const {
  return Above(pool_.FindServiceByName(service.full_name()));
}
std::string Comments::Of(const google::protobuf::MethodDescriptor& method) const {
  return Above(pool_.FindMethodByName(method.full_name()));
}
std::string Comments::Of(const google::protobuf::Descriptor& message) const {
  return Above(pool_.FindMessageTypeByName(message.full_name()));
}
std::string Comments::Of(const google::protobuf::FieldDescriptor& field) const {
  return Above(pool_.FindFieldByName(field.full_name()));
}
std::string Comments::Of(const google::protobuf::EnumDescriptor& type) const {
  return Above(pool_.FindEnumTypeByName(type.full_name()));
}
std::string Comments::Of(const google::protobuf::EnumValueDescriptor& value) const {
  const auto* type = pool_.FindEnumTypeByName(value.type()->full_name());
  return type == nullptr ? "" : Above(type->FindValueByName(value.name()));
}

}  // namespace gatehouse::gateway
