#include "services/identity/passkeys/passkeys_handler.h"

#include "gatehouse/identity/v1/confirmations.pb.h"
#include "services/common/auth/auth.h"
#include "services/common/base/crypto.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"
#include "services/common/observe/metrics.h"
#include "services/common/text/characters.h"
#include "services/identity/entry_proto.h"
#include "services/identity/subject_proto.h"

namespace gatehouse::identity {
namespace {

constexpr int kBrowserMayWaitMs = 300'000;
constexpr char kPublicKey[] = "public-key", kRequired[] = "required";

absl::StatusOr<std::string> BytesOf(const std::string& text) {
  auto bytes = FromBase64Url(text);
  if (!bytes.ok()) return Refuse(v1::PASSKEY_MALFORMED, "bytes are sent as base64url");
  return bytes;
}

v1::Passkey ToProto(const Passkey& passkey) {
  v1::Passkey proto;
  proto.set_passkey_id(passkey.passkey_id);
  proto.set_display_name(passkey.display_name);
  proto.set_host(passkey.host);
  proto.set_backed_up(passkey.is_backed_up);
  *proto.mutable_create_time() = gatehouse::ToProto(passkey.create_time);
  if (passkey.last_use_time) {
    *proto.mutable_last_use_time() = gatehouse::ToProto(*passkey.last_use_time);
  }
  return proto;
}

v1::PasskeyDescriptor Descriptor(const std::string& credential_id) {
  v1::PasskeyDescriptor descriptor;
  descriptor.set_type(kPublicKey);
  descriptor.set_id(Base64Url(credential_id));
  return descriptor;
}

v1::PasskeyCreation CreationOf(const Passkeys::Begun& begun) {
  v1::PasskeyCreation creation;
  creation.set_challenge_id(begun.challenge_id);
  *creation.mutable_expire_time() = gatehouse::ToProto(begun.expire_time);
  v1::PasskeyCreationOptions& options = *creation.mutable_options();
  options.mutable_rp()->set_id(begun.host);
  options.mutable_rp()->set_name(begun.subject.organisation_name);
  options.mutable_user()->set_id(Base64Url(begun.user_handle));
  options.mutable_user()->set_name(begun.subject.email);
  options.mutable_user()->set_display_name(begun.subject.contact_name);
  options.set_challenge(Base64Url(begun.challenge));
  for (const int algorithm : kAlgorithms) {
    v1::PasskeyParameters& parameters = *options.add_pub_key_cred_params();
    parameters.set_type(kPublicKey);
    parameters.set_alg(algorithm);
  }
  options.set_timeout(kBrowserMayWaitMs);
  for (const std::string& id : begun.credential_ids) {
    *options.add_exclude_credentials() = Descriptor(id);
  }
  v1::PasskeyAuthenticator& authenticator = *options.mutable_authenticator_selection();
  authenticator.set_resident_key(kRequired);
  authenticator.set_require_resident_key(true);
  authenticator.set_user_verification(kRequired);
  options.set_attestation("none");
  return creation;
}

const char* OutcomeOf(const absl::Status& status) {
  if (status.ok()) return "ok";
  const std::string reason = ReasonOf(status);
  if (reason == "CHALLENGE_EXPIRED") return "expired";
  if (reason == "PASSKEY_UNKNOWN") return "unknown";
  if (reason == "PASSKEY_COUNTER_WENT_BACK") return "went_back";
  return reason.empty() ? "failed" : "refused";
}

}  // namespace

template <typename Request>
absl::StatusOr<Passkeys::Answer> PasskeyAnswerFrom(const Request& request) {
  Passkeys::Answer answer = {.challenge_id = request.challenge_id()};
  ASSIGN_OR_RETURN(answer.credential_id, BytesOf(request.credential_id()));
  ASSIGN_OR_RETURN(answer.user_handle, BytesOf(request.user_handle()));
  ASSIGN_OR_RETURN(answer.assertion.client_data, BytesOf(request.client_data_json()));
  ASSIGN_OR_RETURN(answer.assertion.authenticator_data, BytesOf(request.authenticator_data()));
  ASSIGN_OR_RETURN(answer.assertion.signature, BytesOf(request.signature()));
  return answer;
}
template absl::StatusOr<Passkeys::Answer> PasskeyAnswerFrom(const v1::VerifyPasskeyRequest&);
template absl::StatusOr<Passkeys::Answer> PasskeyAnswerFrom(
    const v1::VerifyPasskeyConfirmationRequest&);

void CountPasskey(const absl::Status& status) {
  Count("gatehouse_passkeys_total", {{"outcome", OutcomeOf(status)}});
}

v1::PasskeyChallenge ToProto(const Passkeys::Begun& begun) {
  v1::PasskeyChallenge challenge;
  challenge.set_challenge_id(begun.challenge_id);
  *challenge.mutable_expire_time() = gatehouse::ToProto(begun.expire_time);
  v1::PasskeyRequestOptions& options = *challenge.mutable_options();
  options.set_challenge(Base64Url(begun.challenge));
  options.set_timeout(kBrowserMayWaitMs);
  options.set_rp_id(begun.host);
  for (const std::string& id : begun.credential_ids) {
    *options.add_allow_credentials() = Descriptor(id);
  }
  options.set_user_verification(kRequired);
  return challenge;
}

void PasskeysHandler::Register(Server& server) {
  server.Service("gatehouse.identity.v1.Passkeys")
      .Unary("CreatePasskey", *this, &PasskeysHandler::CreatePasskey)
      .Unary("ListPasskeys", *this, &PasskeysHandler::ListPasskeys)
      .Unary("RenamePasskey", *this, &PasskeysHandler::RenamePasskey)
      .Unary("DeletePasskey", *this, &PasskeysHandler::DeletePasskey);
  server.Service("gatehouse.identity.v1.PasskeySignIn")
      .Unary("BeginPasskey", *this, &PasskeysHandler::BeginPasskey)
      .Unary("LookUpPasskeys", *this, &PasskeysHandler::LookUpPasskeys)
      .Unary("StartPasskey", *this, &PasskeysHandler::StartPasskey)
      .Unary("VerifyPasskey", *this, &PasskeysHandler::VerifyPasskey);
}

absl::StatusOr<v1::Passkey> PasskeysHandler::CreatePasskey(
    const Call& call, const v1::CreatePasskeyRequest& request) {
  ASSIGN_OR_RETURN(const std::string client_data, BytesOf(request.client_data_json()));
  ASSIGN_OR_RETURN(const std::string attestation, BytesOf(request.attestation_object()));
  ASSIGN_OR_RETURN(const Passkeys::Added added,
                   passkeys_.Add(request.challenge_id(), client_data, attestation,
                                 OneLine(request.display_name()), call));
  (void)PublishRevocation(redis_, added.ended_sessions);
  return ToProto(added.passkey);
}

absl::StatusOr<v1::ListPasskeysResponse> PasskeysHandler::ListPasskeys(
    const Call& call, const v1::ListPasskeysRequest&) {
  ASSIGN_OR_RETURN(const std::vector<Passkey> passkeys,
                   store_.List(call.caller.organisation_id, call.caller.actor_id));
  v1::ListPasskeysResponse response;
  for (const Passkey& passkey : passkeys) *response.add_passkeys() = ToProto(passkey);
  return response;
}

absl::StatusOr<v1::Passkey> PasskeysHandler::RenamePasskey(
    const Call& call, const v1::RenamePasskeyRequest& request) {
  ASSIGN_OR_RETURN(const Passkey renamed,
                   store_.Rename(request.passkey_id(), OneLine(request.display_name()), call));
  return ToProto(renamed);
}

absl::StatusOr<v1::DeletePasskeyResponse> PasskeysHandler::DeletePasskey(
    const Call& call, const v1::DeletePasskeyRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<std::string> ended, store_.Remove(request.passkey_id(), call));
  (void)PublishRevocation(redis_, ended);
  return v1::DeletePasskeyResponse();
}

absl::StatusOr<v1::PasskeyCreation> PasskeysHandler::BeginPasskey(
    const Call& call, const v1::BeginPasskeyRequest& request) {
  Passkeys::Holder holder = {.account_id = request.account_id(),
                             .session_id = request.session_id()};
  for (const v1::PasskeyHolder& contact : request.holders()) {
    holder.contacts.push_back({.organisation_id = call.caller.organisation_id,
                               .mobile = contact.mobile(),
                               .email = contact.email(),
                               .organisation_name = request.organisation_name(),
                               .contact_name = contact.contact_name(),
                               .access = {.case_id = contact.case_id(),
                                          .contact_id = contact.contact_id(),
                                          .invitation_id = contact.invitation_id()}});
  }
  ASSIGN_OR_RETURN(const Passkeys::Begun begun,
                   passkeys_.Begin(holder, request.portal_url(), call));
  return CreationOf(begun);
}

absl::StatusOr<v1::LookUpPasskeysResponse> PasskeysHandler::LookUpPasskeys(
    const Call& call, const v1::LookUpPasskeysRequest& request) {
  ASSIGN_OR_RETURN(const bool has,
                   passkeys_.HasAt(call.caller.organisation_id, request.contact_id(),
                                   request.mobile(), request.host()));
  v1::LookUpPasskeysResponse response;
  response.set_has_passkey(has);
  return response;
}

absl::StatusOr<v1::PasskeyChallenge> PasskeysHandler::StartPasskey(
    const Call& call, const v1::StartPasskeyRequest& request) {
  std::optional<Subject> subject;
  if (request.has_link()) subject = SubjectFrom(call.caller.organisation_id, request.link());
  ASSIGN_OR_RETURN(const Passkeys::Begun begun,
                   passkeys_.Start(subject, request.portal_url(), call));
  return ToProto(begun);
}

absl::StatusOr<v1::VerifyChallengeResponse> PasskeysHandler::VerifyPasskey(
    const Call& call, const v1::VerifyPasskeyRequest& request) {
  ASSIGN_OR_RETURN(Passkeys::Answer answer, PasskeyAnswerFrom(request));
  answer.session_token = Secret(request.session_token());
  const auto entered = passkeys_.Enter(answer, call);
  CountPasskey(entered.status());
  RETURN_IF_ERROR(entered.status());
  if (!entered->session.replaces.empty()) {
    (void)PublishRevocation(redis_, {entered->session.replaces});
  }
  return ToProto(*entered);
}

}  // namespace gatehouse::identity
