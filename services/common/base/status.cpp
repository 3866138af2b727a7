#include "services/common/base/status.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>

#include <algorithm>

#include "absl/strings/cord.h"
#include "gatehouse/common/v1/options.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace gatehouse {
namespace {

constexpr char kDomain[] = "gatehouse";

template <typename Detail>
std::string TypeUrl() {
  return "type.googleapis.com/" + Detail::descriptor()->full_name();
}

// Details travel as payloads of the status, each under the type URL of its message.
template <typename Detail>
void Attach(absl::Status& status, const Detail& detail) {
  status.SetPayload(TypeUrl<Detail>(), absl::Cord(detail.SerializeAsString()));
}

template <typename Detail>
bool Find(const absl::Status& status, Detail& detail) {
  const auto payload = status.GetPayload(TypeUrl<Detail>());
  return payload.has_value() && detail.ParseFromString(std::string(*payload));
}

// The text under which an error that is not the caller's business is shown.
const char* TextOfFault(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
      return "the service is not available right now; try again";
    case absl::StatusCode::kAborted:
      return "the request met another one; try again";
    case absl::StatusCode::kDeadlineExceeded:
      return "the request took too long";
    case absl::StatusCode::kCancelled:
      return "the request was cancelled";
    default:
      return "internal error";
  }
}

// Whoever finds something away, or too slow, reads when to come back.
void AddWait(const absl::Status& status, google::rpc::Status& wire) {
  const bool helps = status.code() == absl::StatusCode::kUnavailable ||
                     status.code() == absl::StatusCode::kDeadlineExceeded;
  google::rpc::RetryInfo retry;
  const bool known = Find(status, retry);
  if (!helps || (known && !ReasonOf(status).empty())) return;
  if (!known) retry.mutable_retry_delay()->set_seconds(1);
  wire.add_details()->PackFrom(retry);
}

bool KeepsItsCode(absl::StatusCode code) {
  return code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kAborted ||
         code == absl::StatusCode::kDeadlineExceeded || code == absl::StatusCode::kCancelled;
}

}  // namespace

absl::Status RefuseBy(const google::protobuf::EnumValueDescriptor& reason,
                      const std::string& message) {
  const google::rpc::Code code = reason.options().GetExtension(common::v1::reason).code();
  absl::Status status(static_cast<absl::StatusCode>(code), message);
  google::rpc::ErrorInfo info;
  info.set_reason(reason.name());
  info.set_domain(kDomain);
  Attach(status, info);
  return status;
}

absl::Status RefuseFields(const std::vector<FieldViolation>& violations) {
  absl::Status status = Refuse(common::v1::INVALID_REQUEST,
                               "the request has fields that are wrong: see the violations");
  google::rpc::BadRequest detail;
  for (const FieldViolation& violation : violations) {
    auto* added = detail.add_field_violations();
    added->set_field(violation.field);
    added->set_description(violation.description);
  }
  Attach(status, detail);
  return status;
}

absl::Status RefuseField(const std::string& field, const std::string& description) {
  return RefuseFields({{field, description}});
}

absl::Status WithViolations(absl::Status refusal, const std::vector<Violation>& violations) {
  google::rpc::PreconditionFailure detail;
  for (const Violation& violation : violations) {
    auto* added = detail.add_violations();
    added->set_type(violation.type);
    added->set_subject(violation.subject);
    added->set_description(violation.description);
  }
  Attach(refusal, detail);
  return refusal;
}

absl::Status WithWait(absl::Status refusal, absl::Duration wait) {
  google::rpc::RetryInfo detail;
  detail.mutable_retry_delay()->set_seconds(
      std::max<int64_t>(1, absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1)))));
  Attach(refusal, detail);
  return refusal;
}

absl::Status WithFact(absl::Status refusal, const std::string& name, const std::string& value) {
  google::rpc::ErrorInfo info;
  if (!Find(refusal, info)) return refusal;
  (*info.mutable_metadata())[name] = value;
  Attach(refusal, info);
  return refusal;
}

std::string ReasonOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  return Find(status, info) ? info.reason() : "";
}

std::map<std::string, std::string> FactsOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  Find(status, info);
  return {info.metadata().begin(), info.metadata().end()};
}

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status wire;
  const bool refusal = !ReasonOf(status).empty();
  const bool keeps_code = status.ok() || refusal || KeepsItsCode(status.code());
  wire.set_code(static_cast<int>(keeps_code ? status.code() : absl::StatusCode::kInternal));
  if (status.ok()) return wire;
  wire.set_message(refusal ? std::string(status.message()) : TextOfFault(status.code()));
  if (refusal) {
    status.ForEachPayload([&](absl::string_view url, const absl::Cord& value) {
      auto* detail = wire.add_details();
      detail->set_type_url(std::string(url));
      detail->set_value(std::string(value));
    });
  }
  AddWait(status, wire);
  return wire;
}

absl::Status FromRpcStatus(const google::rpc::Status& wire) {
  absl::Status status(static_cast<absl::StatusCode>(wire.code()), wire.message());
  if (status.ok()) return status;
  for (const auto& detail : wire.details()) {
    status.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return status;
}

}  // namespace gatehouse
