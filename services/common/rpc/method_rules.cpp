#include "services/common/rpc/method_rules.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor_database.h>

#include <map>
#include <memory>
#include <mutex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "gatehouse/common/v1/portal.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"

namespace gatehouse {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

constexpr absl::Duration kDeadline = absl::Seconds(5);

using Reasons = std::map<std::string, const google::protobuf::EnumValueDescriptor*>;

// The option `refuses` of each package's reasons.proto.
void AddDeclared(const MethodDescriptor& method, Reasons& reasons) {
  const google::protobuf::Message& options = method.options();
  std::vector<const FieldDescriptor*> set;
  options.GetReflection()->ListFields(options, &set);
  for (const FieldDescriptor* option : set) {
    if (!option->is_extension() || option->name() != "refuses") continue;
    const auto& refusals = options.GetReflection()->GetMessage(options, option);
    const FieldDescriptor* reason = refusals.GetDescriptor()->FindFieldByName("reason");
    const int count = refusals.GetReflection()->FieldSize(refusals, reason);
    for (int i = 0; i < count; ++i) {
      const auto* value = refusals.GetReflection()->GetRepeatedEnum(refusals, reason, i);
      reasons[value->name()] = value;
    }
  }
}

// Of what stands between a client and the RPC.
void AddThreshold(const MethodRules& rules, Reasons& reasons) {
  if (rules.audience.count(common::v1::CLIENT) == 0) return;
  const auto threshold = rules.descriptor->options().GetExtension(common::v1::threshold);
  const auto add = [&](cases::v1::Reason reason) {
    const auto* value = cases::v1::Reason_descriptor()->FindValueByNumber(reason);
    reasons[value->name()] = value;
  };
  if (threshold != common::v1::AT_THE_DOOR) add(cases::v1::PORTAL_DISABLED);
  if (threshold == common::v1::THRESHOLD_UNSPECIFIED) add(cases::v1::TERMS_NOT_ACCEPTED);
}

void AddImplied(const MethodRules& rules, Reasons& reasons) {
  const auto add = [&](common::v1::Reason reason) {
    const auto* value = common::v1::Reason_descriptor()->FindValueByNumber(reason);
    reasons[value->name()] = value;
  };
  const auto has = [&](const char* field) {
    return rules.descriptor->input_type()->FindFieldByName(field) != nullptr;
  };
  add(common::v1::INVALID_REQUEST);
  add(common::v1::CREDENTIAL_INVALID);
  add(common::v1::METADATA_TOO_LARGE);
  if (rules.audience.count(common::v1::ANYONE) == 0) {
    add(common::v1::CREDENTIAL_MISSING);
    add(common::v1::WRONG_AUDIENCE);
  }
  if (!rules.scope.empty()) add(common::v1::SCOPE_MISSING);
  if (rules.case_field != nullptr) add(common::v1::NOT_FOUND);
  if (has("page_token")) add(common::v1::PAGE_TOKEN_INVALID);
  if (has("request_id")) add(common::v1::REQUEST_ID_REUSED);
  if (rules.descriptor->client_streaming() || rules.descriptor->server_streaming()) {
    add(common::v1::TOO_MANY_STREAMS);
    add(common::v1::STREAM_TOO_SLOW);
  }
}

MethodRules Read(const MethodDescriptor& method) {
  const common::v1::MethodRule& rule = method.options().GetExtension(common::v1::rule);
  MethodRules rules;
  rules.descriptor = &method;
  for (const int audience : rule.audience()) {
    rules.audience.insert(static_cast<common::v1::Audience>(audience));
  }
  rules.scope = rule.scope();
  rules.services = {rule.services().begin(), rule.services().end()};
  rules.case_field = method.input_type()->FindFieldByName(rule.case_field());
  rules.deadline = rule.has_deadline() ? absl::Seconds(rule.deadline().seconds()) : kDeadline;
  if (rule.success_status() != 0) rules.success_status = rule.success_status();
  rules.from_principal = rule.answers_from_principal();
  rules.may_repeat =
      method.options().idempotency_level() != google::protobuf::MethodOptions::IDEMPOTENCY_UNKNOWN;
  rules.request_id = method.input_type()->FindFieldByName("request_id");
  AddDeclared(method, rules.reasons);
  AddImplied(rules, rules.reasons);
  AddThreshold(rules, rules.reasons);
  return rules;
}

}  // namespace

const MethodRules* FindMethodRules(const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<MethodRules>> known;
  const std::lock_guard lock(mutex);
  auto& rules = known[name];
  if (rules == nullptr) {
    const MethodDescriptor* method =
        google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
            absl::StrReplaceAll(name, {{"/", "."}}));
    if (method == nullptr) {
      known.erase(name);
      return nullptr;
    }
    rules = std::make_unique<MethodRules>(Read(*method));
  }
  return rules.get();
}

bool MayRepeat(const MethodRules& rules, const google::protobuf::Message& request) {
  if (rules.may_repeat) return true;
  return rules.request_id != nullptr &&
         !request.GetReflection()->GetString(request, rules.request_id).empty();
}

const std::set<std::string>& AllScopes() {
  static const std::set<std::string> kScopes = [] {
    std::set<std::string> scopes = {"*"};
    std::vector<std::string> names;
    google::protobuf::DescriptorPool::internal_generated_database()->FindAllFileNames(&names);
    for (const std::string& name : names) {
      if (!absl::StartsWith(name, "gatehouse/")) continue;
      const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
      for (int s = 0; s < file->service_count(); ++s) {
        for (int m = 0; m < file->service(s)->method_count(); ++m) {
          const auto& options = file->service(s)->method(m)->options();
          const std::string& scope = options.GetExtension(common::v1::rule).scope();
          if (!scope.empty()) scopes.insert(scope);
        }
      }
    }
    return scopes;
  }();
  return kScopes;
}

std::string MistakeIn(const MethodDescriptor& method) {
  const common::v1::MethodRule& rule = method.options().GetExtension(common::v1::rule);
  const MethodRules rules = Read(method);
  if (rules.audience.empty() || rules.audience.count(common::v1::AUDIENCE_UNSPECIFIED) != 0) {
    return absl::StrCat(method.full_name(), " declares no access");
  }
  if (rules.audience.count(common::v1::STAFF) != 0 && rules.scope.empty()) {
    return absl::StrCat(method.full_name(), " is for STAFF and names no scope");
  }
  if ((rules.audience.count(common::v1::SERVICE) != 0) == rules.services.empty()) {
    return absl::StrCat(method.full_name(), " is for SERVICE and does not say for which, or not");
  }
  const bool case_field_wrong = rules.case_field == nullptr ||
                                rules.case_field->type() != FieldDescriptor::TYPE_STRING ||
                                rules.case_field->is_repeated();
  if (!rule.case_field().empty() && case_field_wrong) {
    return absl::StrCat(method.full_name(),
                        " names a case field that is no string: ", rule.case_field());
  }
  if (rules.audience.count(common::v1::CLIENT) != 0 && rule.case_field().empty() &&
      method.input_type()->FindFieldByName("case_id") != nullptr) {
    return absl::StrCat(method.full_name(), " is for CLIENT and leaves its case_id unguarded");
  }
  if (rules.from_principal && (method.input_type()->field_count() > 0 || !rules.may_repeat)) {
    return absl::StrCat(method.full_name(), " answers from the principal and asks for more");
  }
  return "";
}

}  // namespace gatehouse
