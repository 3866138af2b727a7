#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>

#include <optional>

#include "absl/time/clock.h"
#include "gatehouse/common/v1/options.pb.h"
#include "services/common/base/random.h"
#include "services/gateway/gateway.h"

namespace gatehouse::gateway {

// A request on its way through the gateway, and what was found out about it so far.
struct Gateway::Request {
  Request(Gateway& gateway, HttpExchange& http);

  HttpExchange& http;
  const ForwardedClient client;
  InFlight::Place place;
  absl::Time start = absl::Now();
  std::string path, query, origin;
  bool is_head = false;
  std::string request_id = NewId("req");
  std::string client_request_id;  // What the client calls it, for the log and the audit trail.
  Trace trace;
  bool origin_checked = false;
  bool origin_allowed = false;  // A page of this origin may read the answer.
  const Route* route = nullptr;
  Variables variables;
  std::shared_ptr<const Principal> principal;
  absl::Time last_use = start;  // Of the credential, as far as identity was told of it.
  bool end_cookie = false;      // The browser's session is no longer one.
  std::string allow;            // Of a 405.
  int refused = 0;              // The HTTP status of what is no request at all (400, 431, 505).
  int status = 0;               // As answered.
};

// The fields of an answer that travel as HTTP headers.
HttpHeaders HeaderFields(const google::protobuf::Message& message);

// Adds what an answer itself says. What may be kept its service says; nothing else is.
void AddOwn(HttpHeaders& headers, const HttpHeaders& own);

// What is left of an answer that the client has already, by its entity tag: its headers, with the
// tag. Nothing: it has another one, or the answer has no tag.
std::optional<HttpHeaders> IfUnchanged(const HttpExchange& http, HttpHeaders headers,
                                       const HttpHeaders& own);

inline google::protobuf::Message* NewMessage(const google::protobuf::Descriptor* type,
                                             google::protobuf::Arena& arena) {
  return google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New(&arena);
}

inline const common::v1::FieldRule& RuleOf(const google::protobuf::FieldDescriptor& field) {
  return field.options().GetExtension(common::v1::field);
}

}  // namespace gatehouse::gateway
