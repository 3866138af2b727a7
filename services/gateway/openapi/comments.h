#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

namespace gatehouse::gateway {

// What stands above the elements of the protos. The program's own descriptors have no comments, so
// they come from an image, a serialised FileDescriptorSet with source info.
class Comments {
 public:
  explicit Comments(const std::string& image);

  // Without its outer spaces, in the lines of the proto; empty where there is none.
  std::string Of(const google::protobuf::ServiceDescriptor& service) const;
  std::string Of(const google::protobuf::MethodDescriptor& method) const;
  std::string Of(const google::protobuf::Descriptor& message) const;
  std::string Of(const google::protobuf::FieldDescriptor& field) const;
  std::string Of(const google::protobuf::EnumDescriptor& type) const;
  std::string Of(const google::protobuf::EnumValueDescriptor& value) const;

 private:
  google::protobuf::DescriptorPool pool_;
};

}  // namespace gatehouse::gateway
