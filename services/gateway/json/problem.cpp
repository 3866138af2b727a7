#include "services/gateway/json/problem.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor_database.h>

#include <boost/beast/http/status.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "gatehouse/common/v1/options.pb.h"
#include "gatehouse/gateway/v1/reasons.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::gateway {
namespace {

using nlohmann::ordered_json;

// contacts[0].given_name → contacts[0].givenName
std::string CamelCase(const std::string& field) {
  std::string camel;
  bool upper = false;
  for (const char c : field) {
    if (c == '_') {
      upper = true;
    } else {
      camel += upper ? absl::ascii_toupper(static_cast<unsigned char>(c)) : c;
      upper = false;
    }
  }
  return camel;
}

// policy.link_ttl → linkTtl, of a body that is the policy.
std::string PlaceOf(absl::string_view field, const std::string& body_field) {
  absl::string_view within = field;
  if (!body_field.empty() && absl::ConsumePrefix(&within, body_field) &&
      absl::ConsumePrefix(&within, ".")) {
    field = within;
  }
  return CamelCase(std::string(field));
}

ordered_json Outline(int status, const std::string& reason, const std::string& detail,
                     const std::string& path, const std::string& request_id) {
  const auto phrase =
      boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  ordered_json json;
  json["type"] = reason.empty() ? "about:blank" : "urn:gatehouse:problem:" + reason;
  json["title"] = std::string(phrase.data(), phrase.size());
  json["status"] = status;
  json["detail"] = detail;
  json["instance"] = path;
  if (!reason.empty()) json["reason"] = reason;
  json["request_id"] = request_id;
  return json;
}

ordered_json ValueOf(const std::string& fact, const std::string& text) {
  int64_t number = 0;
  if (IsCount(fact) && text.size() < 16 && absl::SimpleAtoi(text, &number)) return number;
  return text;
}

void AddDetails(const google::rpc::Status& status, const std::string& body_field,
                ordered_json& json, Problem& problem) {
  for (const google::protobuf::Any& any : status.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest fields;
    google::rpc::PreconditionFailure conditions;
    google::rpc::RetryInfo retry;
    if (any.UnpackTo(&info)) {
      for (const auto& [name, value] : info.metadata()) {
        if (name == "contentRange") problem.headers.emplace_back("Content-Range", value);
        if (name == "tusVersion") problem.headers.emplace_back("Tus-Version", value);
        if (!json.contains(name)) json[name] = ValueOf(name, value);
      }
    } else if (any.UnpackTo(&fields)) {
      for (const auto& wrong : fields.field_violations()) {
        json["violations"].push_back(
            {{"field", PlaceOf(wrong.field(), body_field)}, {"description", wrong.description()}});
      }
    } else if (any.UnpackTo(&conditions)) {
      for (const auto& unmet : conditions.violations()) {
        json["violations"].push_back({{"type", unmet.type()},
                                      {"subject", unmet.subject()},
                                      {"description", unmet.description()}});
      }
    } else if (any.UnpackTo(&retry)) {
      problem.retry_after_seconds =
          static_cast<int>(retry.retry_delay().seconds()) + (retry.retry_delay().nanos() > 0);
      json["retry_after"] = problem.retry_after_seconds;
    }
  }
}

std::string Dump(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// The statuses that reasons say themselves, since no canonical code has them, by their names.
const std::map<std::string, int>& OwnStatuses() {
  static const auto* const statuses = [] {
    auto* found = new std::map<std::string, int>;
    std::vector<std::string> names;
    google::protobuf::DescriptorPool::internal_generated_database()->FindAllFileNames(&names);
    for (const std::string& name : names) {
      if (!absl::StartsWith(name, "gatehouse/") || !absl::EndsWith(name, "/reasons.proto"))
        continue;
      const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
      const auto* reasons = file->FindEnumTypeByName("Reason");
      for (int i = 0; reasons != nullptr && i < reasons->value_count(); ++i) {
        const auto& options = reasons->value(i)->options();
        const int status = options.GetExtension(common::v1::reason).http_status();
        if (status != 0) found->emplace(reasons->value(i)->name(), status);
      }
    }
    return found;
  }();
  return *statuses;
}

int StatusOf(const google::rpc::Status& wire, const std::string& reason) {
  const auto own = OwnStatuses().find(reason);
  if (own != OwnStatuses().end()) return own->second;
  return HttpStatusOf(static_cast<absl::StatusCode>(wire.code()));
}

}  // namespace

bool IsCount(const std::string& fact) {
  return fact == "max" || fact == "line" || absl::EndsWith(fact, "Left");
}

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
      return 400;
    case absl::StatusCode::kOutOfRange:
      return 416;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

Problem ProblemOf(const absl::Status& status, const std::string& path,
                  const std::string& request_id, const std::string& body_field) {
  const google::rpc::Status wire = ToRpcStatus(status);
  Problem problem;
  const std::string reason = ReasonOf(status);
  problem.status = StatusOf(wire, reason);
  ordered_json json = Outline(problem.status, reason, wire.message(), path, request_id);
  AddDetails(wire, body_field, json, problem);
  // Whoever finds a service away, or too slow, may come back in a moment. Any other refusal says
  // itself whether waiting helps.
  const bool wait = problem.status == 503 || problem.status == 504;
  if (wait && problem.retry_after_seconds == 0) {
    json["retry_after"] = problem.retry_after_seconds = 1;
  }
  problem.body = Dump(json);
  return problem;
}

Problem ProblemOf(int http_status, const std::string& reason, const std::string& detail,
                  const std::string& path, const std::string& request_id) {
  Problem problem;
  problem.status = http_status;
  problem.body = Dump(Outline(http_status, reason, detail, path, request_id));
  return problem;
}

}  // namespace gatehouse::gateway
