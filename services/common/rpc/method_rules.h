#pragma once

#include <map>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "gatehouse/common/v1/options.pb.h"

namespace google::protobuf {
class MethodDescriptor;
class FieldDescriptor;
class EnumValueDescriptor;
class Message;
}  // namespace google::protobuf

namespace gatehouse {

// What the options of an RPC say (gatehouse/common/v1/options.proto), read once.
struct MethodRules {
  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  std::set<common::v1::Audience> audience;
  std::string scope;
  std::set<std::string> services;  // Of SERVICE, those that may call.
  const google::protobuf::FieldDescriptor* case_field = nullptr;  // Null: names no case.
  absl::Duration deadline;
  int success_status = 200;     // Over HTTP.
  bool from_principal = false;  // answers_from_principal
  bool may_repeat = false;      // idempotency_level is NO_SIDE_EFFECTS or IDEMPOTENT.
  const google::protobuf::FieldDescriptor* request_id = nullptr;  // Null: has no such field.
  // Why it may refuse, by name: what its `refuses` options say, and what its rule and its request's
  // fields imply (a credential, a scope, a case, a page token, a request id, a stream).
  std::map<std::string, const google::protobuf::EnumValueDescriptor*> reasons;
};

// The rules of "gatehouse.cases.v1.Cases/GetCase" among the protos of this program; null if there
// is no such RPC. Read once each. Thread-safe.
const MethodRules* FindMethodRules(const std::string& name);

// Whether a request may be made again when it is not known what became of it: the RPC is declared
// so, or the request has an id, by which a repeat gets what the first one got (once.h).
bool MayRepeat(const MethodRules& rules, const google::protobuf::Message& request);

// The scopes that any RPC of Gatehouse asks for, among the protos of this program, and `*` for all.
const std::set<std::string>& AllScopes();

// What is wrong with a method's options; empty if nothing.
std::string MistakeIn(const google::protobuf::MethodDescriptor& method);

}  // namespace gatehouse
