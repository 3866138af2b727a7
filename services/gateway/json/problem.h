#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace gatehouse::gateway {

// Google's mapping of canonical codes to HTTP statuses (google/rpc/code.proto).
int HttpStatusOf(absl::StatusCode code);

// An answer that says what is wrong, as RFC 9457 application/problem+json.
struct Problem {
  int status = 500;
  std::string body;
  int retry_after_seconds = 0;  // 0: no Retry-After.
  // Facts that are headers too: of a range that is not there, of a version of tus that is not.
  std::vector<std::pair<std::string, std::string>> headers;
};
// `body_field` is the field of the request that the body is (`body: "policy"`), where it is not all
// of it: what is wrong within is named as it stands in the body.
Problem ProblemOf(const absl::Status& status, const std::string& path,
                  const std::string& request_id, const std::string& body_field = "");
// Whether a refusal's fact is a number in a problem: `max`, `line`, and what ends in `Left`. The
// others are words, whatever they look like.
bool IsCount(const std::string& fact);
// What is no HTTP request at all, whose status no reason has (400, 431, 505).
Problem ProblemOf(int http_status, const std::string& reason, const std::string& detail,
                  const std::string& path, const std::string& request_id);

}  // namespace gatehouse::gateway
