#pragma once

#include "services/gateway/gateway.h"

namespace gatehouse::gateway {

// A request on its way through the gateway, and what was found out about it so far.
struct Gateway::Request {
  HttpExchange& http;
  std::string path, query, request_id, client_address, origin;
  Trace trace;
  bool secure = false;          // The client came by HTTPS.
  bool origin_allowed = false;  // A page of this origin may read the answer.
  const Route* route = nullptr;
  Variables variables;
  std::shared_ptr<const Principal> principal;
  bool end_cookie = false;  // The browser's session is no longer one.
  std::string allow;        // Of a 405.
  int refused = 0;          // An HTTP status that no canonical code has (405, 413, 415).
  int status = 0;           // As answered.
  absl::Time start = absl::Now();
};

}  // namespace gatehouse::gateway
