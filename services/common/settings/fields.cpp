#include "services/common/settings/fields.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/field_mask_util.h>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "gatehouse/common/v1/options.pb.h"
#include "services/common/base/status.h"

namespace gatehouse {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::FieldMaskUtil;

constexpr char kEtag[] = "etag";

// google.protobuf.Duration and its like are values.
bool IsLeaf(const FieldDescriptor& field) {
  return field.is_repeated() || field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
         absl::StartsWith(field.message_type()->full_name(), "google.protobuf.");
}

void Name(std::string* out, const FieldDescriptor* field) { out->append(field->name()); }

void AddLeaves(const Descriptor& type, const std::string& path, Paths& paths) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (path.empty() && field.name() == kEtag) continue;
    if (IsLeaf(field)) {
      paths.insert(path + field.name());
    } else {
      AddLeaves(*field.message_type(), path + field.name() + ".", paths);
    }
  }
}

void AddLeavesSet(const Message& message, const std::string& path, Paths& paths) {
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    if (path.empty() && field->name() == kEtag) continue;
    if (IsLeaf(*field)) {
      paths.insert(path + field->name());
    } else {
      AddLeavesSet(message.GetReflection()->GetMessage(message, field), path + field->name() + ".",
                   paths);
    }
  }
}

}  // namespace

Paths LeavesSet(const Message& message) {
  Paths paths;
  AddLeavesSet(message, "", paths);
  return paths;
}

absl::StatusOr<Paths> LeavesNamed(const Message& change, const google::protobuf::FieldMask& mask) {
  if (mask.paths().empty()) return LeavesSet(change);
  const Descriptor& type = *change.GetDescriptor();
  Paths paths;
  for (const std::string& path : mask.paths()) {
    std::vector<const FieldDescriptor*> fields;
    if (path == "*") {
      AddLeaves(type, "", paths);
    } else if (!FieldMaskUtil::GetFieldDescriptors(&type, path, &fields) || fields.empty() ||
               path != absl::StrJoin(fields, ".", Name)) {  // It takes `email.` for `email`.
      return RefuseField("update_mask", "names a field that is not there");
    } else if (!IsLeaf(*fields.back())) {
      AddLeaves(*fields.back()->message_type(), path + ".", paths);
    } else if (path != kEtag) {
      paths.insert(path);
    }
  }
  return paths;
}

bool GivesValue(const Message& change, const std::string& path) {
  std::vector<const FieldDescriptor*> fields;
  FieldMaskUtil::GetFieldDescriptors(change.GetDescriptor(), path, &fields);
  const Message* within = &change;
  for (const FieldDescriptor* field : fields) {
    const auto& in = *within->GetReflection();
    if (field->is_repeated()) {
      return in.FieldSize(*within, field) > 0 ||
             field->options().GetExtension(common::v1::field).may_be_empty();
    }
    if (!in.HasField(*within, field)) return false;
    if (!IsLeaf(*field)) within = &in.GetMessage(*within, field);
  }
  return true;
}

void CopyLeaves(const Message& from, const Paths& paths, Message& to) {
  google::protobuf::FieldMask mask;
  for (const std::string& path : paths) {
    // What a later version knows stays as it is.
    if (FieldMaskUtil::GetFieldDescriptors(from.GetDescriptor(), path, nullptr)) {
      mask.add_paths(path);
    }
  }
  FieldMaskUtil::MergeOptions options;
  options.set_replace_message_fields(true);
  options.set_replace_repeated_fields(true);
  FieldMaskUtil::MergeMessageTo(from, mask, options, &to);
}

void RemoveSecrets(Message& message) {
  std::vector<const FieldDescriptor*> set;
  const auto& in = *message.GetReflection();
  in.ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    if (field->options().GetExtension(common::v1::field).secret()) {
      in.ClearField(&message, field);
    } else if (!field->is_repeated() && !IsLeaf(*field)) {
      RemoveSecrets(*in.MutableMessage(&message, field));
    } else if (field->is_repeated() && !field->is_map() &&
               field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      for (int i = 0; i < in.FieldSize(message, field); ++i) {
        RemoveSecrets(*in.MutableRepeatedMessage(&message, field, i));
      }
    }
  }
}

}  // namespace gatehouse
