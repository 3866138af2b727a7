#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/rpc/method_rules.h"

namespace gatehouse::gateway {

// How an RPC appears over REST, by its google.api.http rule.
struct Route {
  const google::protobuf::MethodDescriptor* rpc;
  const MethodRules* rules;
  std::string full_name;    // gatehouse.cases.v1.Cases/GetCase
  std::string service;      // cases: whose address it is called at.
  std::string verb;         // GET
  std::string path;         // /v1/cases/{case_id}
  bool whole_body = false;  // body: "*"
  const google::protobuf::FieldDescriptor* body_field = nullptr;   // body: "policy"
  const google::protobuf::FieldDescriptor* bytes_field = nullptr;  // Streamed, up or down.
  // Of a stream of events: what is told, and by which it is known where to go on.
  const google::protobuf::FieldDescriptor *event_field = nullptr, *event_id_field = nullptr;
  // Of a unary call whose body, or whose answer's, is the bytes of this field as they are.
  const google::protobuf::FieldDescriptor *request_bytes = nullptr, *response_bytes = nullptr;
  bool portal = false;  // Called by browsers with the session cookie, not with a bearer credential.

  bool has_body() const { return whole_body || body_field != nullptr || request_bytes != nullptr; }
};

using Variables = std::vector<std::pair<std::string, std::string>>;

struct Match {
  const Route* route = nullptr;  // Null: see `allowed`.
  Variables variables;           // By field name, decoded.
  std::string allowed;           // The verbs that the path has; empty: no such path.
};

// The routes of a set of services, built once from their descriptors.
class RouteTable {
 public:
  // Fails with what is wrong with a rule.
  static absl::StatusOr<RouteTable> Of(
      const std::vector<const google::protobuf::ServiceDescriptor*>& services);

  // `segments` are a path's parts between slashes, decoded; the last may end in `:verb`.
  Match Find(const std::string& verb, const std::vector<std::string>& segments) const;
  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

 private:
  // A tree by segments; a literal goes before a variable.
  struct Node {
    std::map<std::string, std::unique_ptr<Node>> literals;
    std::unique_ptr<Node> variable;
    // By the custom verb after the colon ("" without one) and the HTTP verb.
    std::map<std::string, std::map<std::string, const Route*>> routes;
  };
  absl::Status Add(const google::protobuf::MethodDescriptor& rpc);
  absl::Status PutInPlace(const Route& route);
  const Node* Walk(const Node& node, const std::vector<std::string>& segments, size_t index,
                   const std::string& custom, std::vector<std::string>& values) const;

  std::vector<std::unique_ptr<Route>> routes_;
  std::unique_ptr<Node> root_ = std::make_unique<Node>();
};

// The parts of a path, percent-decoded. Refuses INVALID_REQUEST for what is no well-formed path: a
// broken escape, an escaped NUL, an empty or dot segment, more than 16 segments.
absl::StatusOr<std::vector<std::string>> SplitPath(const std::string& path);
// The parameters of a query, decoded, in their order; 64 at most.
absl::StatusOr<Variables> SplitQuery(const std::string& query);

// Every proto of Gatehouse that this program is linked with, by name. The gateway is linked with
// all.
std::vector<const google::protobuf::FileDescriptor*> AllFiles();
// The services in them.
std::vector<const google::protobuf::ServiceDescriptor*> AllServices();

}  // namespace gatehouse::gateway
