#include "services/common/rpc/dispatch.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "gatehouse/common/v1/portal.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/auth/jwt.h"
#include "services/common/auth/standing.h"
#include "services/common/base/random.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"
#include "services/common/rpc/validate.h"

namespace gatehouse {
namespace {

using absl::StatusCode;

bool Allows(const MethodRules& rules, common::v1::Audience audience) {
  return rules.audience.count(audience) != 0;
}

absl::Status NotFound() { return Refuse(common::v1::NOT_FOUND, "there is no such thing here"); }

absl::Status CredentialInvalid() {
  return Refuse(common::v1::CREDENTIAL_INVALID, "the credential is not valid, or not any more");
}

absl::Status MetadataTooLarge() {
  return Refuse(common::v1::METADATA_TOO_LARGE, "the call brings more than 16 KiB of metadata");
}

common::v1::Audience AudienceOf(CallerKind kind) {
  switch (kind) {
    case CallerKind::kOperator:
      return common::v1::OPERATOR;
    case CallerKind::kStaff:
      return common::v1::STAFF;
    case CallerKind::kClient:
      return common::v1::CLIENT;
    case CallerKind::kService:
      return common::v1::SERVICE;
    default:
      return common::v1::ANYONE;
  }
}

bool Holds(const Caller& caller, const char* scope) {
  return std::find(caller.scopes.begin(), caller.scopes.end(), scope) != caller.scopes.end();
}

// Whether a client has come as far as the RPC asks.
absl::Status CheckThreshold(const MethodRules& rules, const Caller& caller) {
  if (caller.kind != CallerKind::kClient || caller.scopes.empty()) return absl::OkStatus();
  const auto threshold = rules.descriptor->options().GetExtension(common::v1::threshold);
  if (threshold == common::v1::AT_THE_DOOR) return absl::OkStatus();
  if (Holds(caller, kPortalClosed)) {
    return Refuse(cases::v1::PORTAL_DISABLED,
                  "the organisation has no portal: ask it how to go on");
  }
  if (threshold == common::v1::AT_THE_TERMS || !Holds(caller, kTermsDue)) return absl::OkStatus();
  return Refuse(cases::v1::TERMS_NOT_ACCEPTED, "the terms are to be accepted first: read them");
}

absl::Status Authorise(const MethodRules& rules, const Caller& caller) {
  if (Allows(rules, common::v1::ANYONE)) return absl::OkStatus();
  if (caller.kind == CallerKind::kAnonymous) {
    return Refuse(common::v1::CREDENTIAL_MISSING, "this call needs a credential");
  }
  if (!Allows(rules, AudienceOf(caller.kind))) {
    return Refuse(common::v1::WRONG_AUDIENCE, "this call is not for this kind of credential");
  }
  if (caller.kind == CallerKind::kService && caller.actor_id != kTrustedPeer &&
      rules.services.count(caller.actor_id) == 0) {
    return Refuse(common::v1::WRONG_AUDIENCE, "this call is not for this service");
  }
  if (caller.kind == CallerKind::kStaff && !Holds(caller, rules.scope.c_str()) &&
      !Holds(caller, "*")) {
    return WithFact(Refuse(common::v1::SCOPE_MISSING,
                           "the credential does not hold the scope that this call needs"),
                    "scope", rules.scope);
  }
  return CheckThreshold(rules, caller);
}

// A case that a client may not enter looks like one that does not exist.
absl::Status CheckCase(const MethodRules& rules, const Caller& caller,
                       const google::protobuf::Message& request) {
  if (caller.kind != CallerKind::kClient || rules.case_field == nullptr) return absl::OkStatus();
  std::string scratch;
  const std::string& case_id =
      request.GetReflection()->GetStringReference(request, rules.case_field, &scratch);
  return caller.AccessTo(case_id) != nullptr ? absl::OkStatus() : NotFound();
}

bool IsRequestId(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.';
         });
}

const char* NameOf(CallerKind kind) {
  static const char* const kNames[] = {"anyone", "operator", "staff", "client", "service"};
  return kNames[static_cast<int>(kind)];
}

// By so much two services' clocks may differ before a call has less time than its caller gave it.
constexpr absl::Duration kClockTolerance = absl::Seconds(1);
// Who stood still for longer has lost its connections, and the calls with them: what is later than
// this has a caller whose clock is wrong, and is served.
constexpr absl::Duration kHangMax = absl::Minutes(2);

// A stranger's text as it is kept: what gRPC lets through is ASCII.
std::string Noted(const std::string& text) {
  constexpr size_t kNotedMax = 128;
  return text.substr(0, kNotedMax);
}

}  // namespace

Dispatch::Dispatch(const Server& server, Authenticator* authenticator)
    : authenticator_(authenticator) {
  for (const Method& method : server.methods()) {
    targets_["/" + method.name] = {&method, FindMethodRules(method.name)};
  }
}

const Dispatch::Target* Dispatch::Find(const std::string& name) const {
  const auto target = targets_.find(name);
  return target == targets_.end() ? nullptr : &target->second;
}

absl::Status Dispatch::Identify(const Envelope& envelope, const Target& target, bool may_block,
                                Call& call, bool& must_block) const {
  // What the front passes on is a stranger's word, but for the address that it adds.
  const bool passed_on = envelope.peer == kFront;
  const bool from_service = !envelope.peer.empty() && !passed_on;
  const bool id_is_ours = from_service && IsRequestId(envelope.request_id);
  call.request_id = id_is_ours ? envelope.request_id : NewId("req");
  call.client_request_id =
      from_service ? envelope.client_request_id : Noted(envelope.peer_request_id);
  const bool knows_address = from_service || (passed_on && !envelope.client_address.empty());
  call.client_address = knows_address ? envelope.client_address : envelope.peer_address;
  call.user_agent = from_service ? envelope.user_agent : "";
  call.deadline = std::min(envelope.deadline, absl::Now() + target.rules->deadline);
  if (from_service && call.deadline - envelope.caller_deadline < kHangMax) {
    call.deadline = std::min(call.deadline, envelope.caller_deadline + kClockTolerance);
  }
  if (call.deadline <= absl::Now()) return absl::DeadlineExceededError("it came too late");
  if (!from_service && envelope.metadata_bytes > kMetadataMax) return MetadataTooLarge();
  // A principal token never leaves the house: whoever shows one from without has stolen it.
  if (!from_service && !KeyIdOf(envelope.credential.Reveal()).empty()) return CredentialInvalid();
  must_block = false;
  if (!envelope.credential.empty() && authenticator_ != nullptr) {
    auto principal = authenticator_->Cached(envelope.credential);
    if (principal == nullptr) {
      must_block = !may_block;
      if (must_block) return absl::OkStatus();
      const CallScope scope(call);
      ASSIGN_OR_RETURN(principal, authenticator_->Authenticate(envelope.credential));
    }
    call.caller = principal->caller;
  } else if (from_service && envelope.organisation_id.has_value()) {
    // The gateway never names an organisation: what a stranger sends through it stays a stranger's.
    call.caller.kind = CallerKind::kService;
    call.caller.organisation_id = *envelope.organisation_id;
    call.caller.actor_id = envelope.peer;
  }
  return absl::OkStatus();
}

absl::Status Dispatch::CheckNotRevoked(const Caller& caller) const {
  if (authenticator_ == nullptr || !authenticator_->IsRevoked(caller)) return absl::OkStatus();
  return CredentialInvalid();
}

absl::Status Dispatch::Admit(const Target& target, const Call& call,
                             const google::protobuf::Message& request) {
  RETURN_IF_ERROR(Authorise(*target.rules, call.caller));
  RETURN_IF_ERROR(CheckCase(*target.rules, call.caller, request));
  return Validate(request);
}

void Account(const std::string& rpc, const Call& call, const absl::Status& status,
             absl::Duration took) {
  const std::string reason = ReasonOf(status);
  const std::string code = absl::StatusCodeToString(status.code());
  const CallScope scope(call);
  LogFields fields = {{"rpc", rpc},
                      {"code", code},
                      {"ms", absl::StrCat(absl::ToDoubleMilliseconds(took))},
                      {"caller", NameOf(call.caller.kind)},
                      {"organisation", call.caller.organisation_id},
                      {"actor", call.caller.actor_id}};
  if (!reason.empty()) fields.push_back({"reason", reason});
  // The text of a fault is for us alone, and here is where it stays.
  if (!status.ok() && reason.empty()) fields.push_back({"fault", std::string(status.message())});
  const bool fault = status.code() == StatusCode::kInternal ||
                     status.code() == StatusCode::kUnknown ||
                     status.code() == StatusCode::kDataLoss;
  (fault ? LogError : LogInfo)("rpc", fields);
  if (!reason.empty() && FindMethodRules(rpc)->reasons.count(reason) == 0) {
    LogError("rpc.undeclared", {{"rpc", rpc}, {"reason", reason}});
    Count("gatehouse_undeclared_refusals_total", {{"rpc", rpc}, {"reason", reason}});
  }
  Count("gatehouse_rpcs_total", {{"rpc", rpc}, {"code", code}});
  Observe("gatehouse_rpc_seconds", {{"rpc", rpc}}, absl::ToDoubleSeconds(took));
}

}  // namespace gatehouse
