#include "services/gateway/routes/route_table.h"

#include <google/protobuf/descriptor_database.h>

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gatehouse/common/v1/options.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "google/api/annotations.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

constexpr size_t kSegmentsMax = 16, kParametersMax = 64;
constexpr char kPortal[] = "/v1/portal/";

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// False for a broken escape or a NUL.
bool Decode(const std::string& text, bool plus_is_space, std::string& decoded) {
  decoded.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) {
      c = ' ';
    } else if (c == '%') {
      if (i + 2 >= text.size()) return false;
      const int high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high << 4 | low);
      i += 2;
    }
    if (c == '\0') return false;
    decoded += c;
  }
  return true;
}

absl::Status BadTarget() {
  return Refuse(common::v1::INVALID_REQUEST, "the address is not well formed");
}

std::string VerbAndPath(const google::api::HttpRule& rule, std::string& path) {
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      path = rule.get();
      return "GET";
    case google::api::HttpRule::kPut:
      path = rule.put();
      return "PUT";
    case google::api::HttpRule::kPost:
      path = rule.post();
      return "POST";
    case google::api::HttpRule::kDelete:
      path = rule.delete_();
      return "DELETE";
    case google::api::HttpRule::kPatch:
      path = rule.patch();
      return "PATCH";
    default:
      return "";
  }
}

// Takes the custom verb off the end of a last segment.
std::string TakeCustomVerb(std::string& segment) {
  const size_t colon = segment.rfind(':');
  if (colon == std::string::npos) return "";
  const std::string verb = segment.substr(colon + 1);
  segment.resize(colon);
  return verb;
}

absl::Status Mistake(const std::string& what) { return absl::FailedPreconditionError(what); }

bool IsBytes(const FieldDescriptor* field) {
  return field != nullptr && field->type() == FieldDescriptor::TYPE_BYTES && !field->is_repeated();
}

bool IsText(const FieldDescriptor* field) {
  return field != nullptr && field->type() == FieldDescriptor::TYPE_STRING && !field->is_repeated();
}

bool IsMessage(const FieldDescriptor* field) {
  return field != nullptr && field->message_type() != nullptr && !field->is_repeated();
}

// A stream whose `response_body` is a message tells events, each under what its client sends back
// as Last-Event-ID.
absl::Status ReadEvents(const FieldDescriptor& event, Route& route) {
  const Descriptor& told = *event.containing_type();
  route.event_field = &event;
  for (int i = 0; i < told.field_count(); ++i) {
    const auto& rule = told.field(i)->options().GetExtension(common::v1::field);
    if (rule.header() == "Last-Event-ID") route.event_id_field = told.field(i);
  }
  if (IsText(route.event_id_field)) return absl::OkStatus();
  return Mistake(route.rpc->full_name() + " streams events that have no id");
}

// What travels as a body, each way.
absl::Status ReadShape(const google::api::HttpRule& rule, Route& route) {
  const MethodDescriptor& rpc = *route.rpc;
  if (rpc.client_streaming()) {
    route.bytes_field = rpc.input_type()->FindFieldByName(rule.body());
  } else if (rpc.server_streaming()) {
    route.bytes_field = rpc.output_type()->FindFieldByName(rule.response_body());
    if (IsMessage(route.bytes_field)) {
      return ReadEvents(*std::exchange(route.bytes_field, nullptr), route);
    }
  }
  if (rpc.client_streaming() || rpc.server_streaming()) {
    if (IsBytes(route.bytes_field)) return absl::OkStatus();
    return Mistake(rpc.full_name() + " streams and names no bytes field");
  }
  const FieldDescriptor* body = rpc.input_type()->FindFieldByName(rule.body());
  route.whole_body = rule.body() == "*";
  if (IsBytes(body)) {
    route.request_bytes = body;
  } else if (IsMessage(body)) {
    route.body_field = body;
  } else if (!rule.body().empty() && !route.whole_body) {
    return Mistake(rpc.full_name() + " takes as its body what is no message and no bytes");
  }
  if (rule.response_body().empty()) return absl::OkStatus();
  route.response_bytes = rpc.output_type()->FindFieldByName(rule.response_body());
  if (IsBytes(route.response_bytes)) return absl::OkStatus();
  return Mistake(rpc.full_name() + " answers with no bytes field");
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitPath(const std::string& path) {
  const std::vector<std::string> parts = absl::StrSplit(path, '/');
  if (parts.size() < 2 || !parts[0].empty() || parts.size() > kSegmentsMax) return BadTarget();
  std::vector<std::string> segments(parts.size() - 1);
  for (size_t i = 1; i < parts.size(); ++i) {
    std::string& segment = segments[i - 1];
    if (!Decode(parts[i], false, segment) || segment.empty() || segment == "." || segment == "..") {
      return BadTarget();
    }
  }
  return segments;
}

absl::StatusOr<Variables> SplitQuery(const std::string& query) {
  Variables variables;
  if (query.empty()) return variables;
  for (const absl::string_view pair : absl::StrSplit(query, '&')) {
    const std::vector<std::string> parts = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    std::string name, value;
    if (!Decode(parts[0], true, name) || name.empty() ||
        !Decode(parts.size() > 1 ? parts[1] : "", true, value) ||
        variables.size() == kParametersMax) {
      return BadTarget();
    }
    variables.emplace_back(std::move(name), std::move(value));
  }
  return variables;
}

absl::StatusOr<RouteTable> RouteTable::Of(const std::vector<const ServiceDescriptor*>& services) {
  RouteTable table;
  for (const ServiceDescriptor* service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      RETURN_IF_ERROR(table.Add(*service->method(i)));
    }
  }
  return table;
}

absl::Status RouteTable::Add(const MethodDescriptor& rpc) {
  if (!rpc.options().HasExtension(google::api::http)) return absl::OkStatus();
  const google::api::HttpRule& rule = rpc.options().GetExtension(google::api::http);
  auto route = std::make_unique<Route>();
  route->rpc = &rpc;
  route->full_name = absl::StrCat(rpc.service()->full_name(), "/", rpc.name());
  route->rules = FindMethodRules(route->full_name);
  const std::vector<std::string> names = absl::StrSplit(rpc.full_name(), '.');
  route->service = names[1];
  route->verb = VerbAndPath(rule, route->path);
  route->portal = absl::StartsWith(route->path, kPortal);
  if (const std::string mistake = MistakeIn(rpc); !mistake.empty()) return Mistake(mistake);
  if (!absl::StartsWith(route->path, "/")) return Mistake(rpc.full_name() + " names no path");
  RETURN_IF_ERROR(ReadShape(rule, *route));
  RETURN_IF_ERROR(PutInPlace(*route));
  routes_.push_back(std::move(route));
  return absl::OkStatus();
}

absl::Status RouteTable::PutInPlace(const Route& route) {
  Node* node = root_.get();
  std::vector<std::string> parts = absl::StrSplit(route.path.substr(1), '/');
  const std::string custom = TakeCustomVerb(parts.back());
  for (const std::string& part : parts) {
    const bool variable = absl::StartsWith(part, "{") && absl::EndsWith(part, "}");
    auto& next = variable ? node->variable : node->literals[part];
    if (next == nullptr) next = std::make_unique<Node>();
    node = next.get();
    if (variable &&
        !IsText(route.rpc->input_type()->FindFieldByName(part.substr(1, part.size() - 2)))) {
      return Mistake(route.rpc->full_name() +
                     " names in its path what is no string of its request");
    }
  }
  if (!node->routes[custom].emplace(route.verb, &route).second) {
    return Mistake(route.rpc->full_name() + " has another RPC's path");
  }
  return absl::OkStatus();
}

const RouteTable::Node* RouteTable::Walk(const Node& node, const std::vector<std::string>& segments,
                                         size_t index, const std::string& custom,
                                         std::vector<std::string>& values) const {
  if (index == segments.size()) return node.routes.count(custom) != 0 ? &node : nullptr;
  const auto literal = node.literals.find(segments[index]);
  if (literal != node.literals.end()) {
    const Node* found = Walk(*literal->second, segments, index + 1, custom, values);
    if (found != nullptr) return found;
  }
  if (node.variable == nullptr) return nullptr;
  values.push_back(segments[index]);
  const Node* found = Walk(*node.variable, segments, index + 1, custom, values);
  if (found == nullptr) values.pop_back();
  return found;
}

Match RouteTable::Find(const std::string& verb, const std::vector<std::string>& segments) const {
  std::vector<std::string> parts = segments, values;
  const std::string custom = TakeCustomVerb(parts.back());
  Match match;
  const Node* node = parts.back().empty() ? nullptr : Walk(*root_, parts, 0, custom, values);
  if (node == nullptr) return match;
  const auto& verbs = node->routes.at(custom);
  const auto found = verbs.find(verb);
  if (found == verbs.end()) {
    match.allowed = absl::StrJoin(
        verbs, ", ", [](std::string* out, const auto& entry) { out->append(entry.first); });
    return match;
  }
  match.route = found->second;
  size_t value = 0;
  for (const absl::string_view part : absl::StrSplit(match.route->path, '/')) {
    if (!absl::StartsWith(part, "{")) continue;
    const absl::string_view name = part.substr(1, part.find('}') - 1);
    match.variables.emplace_back(std::string(name), values[value++]);
  }
  return match;
}

std::vector<const google::protobuf::FileDescriptor*> AllFiles() {
  std::vector<std::string> names;
  google::protobuf::DescriptorPool::internal_generated_database()->FindAllFileNames(&names);
  std::sort(names.begin(), names.end());
  std::vector<const google::protobuf::FileDescriptor*> files;
  for (const std::string& name : names) {
    if (!absl::StartsWith(name, "gatehouse/")) continue;
    files.push_back(google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name));
  }
  return files;
}

std::vector<const ServiceDescriptor*> AllServices() {
  std::vector<const ServiceDescriptor*> services;
  for (const auto* file : AllFiles()) {
    for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
  }
  return services;
}

}  // namespace gatehouse::gateway
