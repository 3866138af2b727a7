#include "services/documents/signing/handler.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/text/characters.h"
#include "services/documents/downloads/blob_source.h"
#include "services/documents/signing/signature_proto.h"

namespace gatehouse::documents {
namespace {

constexpr int kPageByDefault = 50;

template <typename Request>
SigningStaff StaffOf(const Call& call, const Request& request) {
  return {.name = {call.caller.organisation_id, request.case_id(), request.signature_request_id()},
          .actor_name = call.caller.actor_name,
          .device = {call.client_address, call.user_agent}};
}

template <typename Request>
SigningClient ClientOf(const Call& call, const Request& request) {
  return {.name = {call.caller.organisation_id, request.case_id(), request.signature_request_id()},
          .access = *call.caller.AccessTo(request.case_id()),
          .device = {call.client_address, call.user_agent}};
}

absl::StatusOr<pb::SignatureRequest> AnswerOf(const absl::StatusOr<SignatureRequest>& request) {
  RETURN_IF_ERROR(request.status());
  return ToProto(*request);
}

absl::StatusOr<pb::SignatureRequest> AnswerOf(const absl::StatusOr<SignatureRequest>& request,
                                              const SigningClient& client) {
  RETURN_IF_ERROR(request.status());
  return ToProtoFor(*request, client.access.contact_id);
}

SignatureFields FieldsOf(const pb::CreateSignatureRequestRequest& request) {
  SignatureFields fields;
  for (const pb::SignatureField& field : request.fields()) {
    fields.push_back({.field_id = field.field_id(),
                      .kind = static_cast<FieldKind>(field.kind()),
                      .contact_id = field.contact_id(),
                      .page = field.page(),
                      .left = field.left(),
                      .top = field.top(),
                      .width = field.width(),
                      .height = field.height(),
                      .required = field.required(),
                      .wrapped = field.wrapped(),
                      .label = OneLine(field.label())});
  }
  return fields;
}

template <typename Request>
FieldValues ValuesOf(const Request& request) {
  FieldValues values;
  for (const pb::SignatureFieldValue& value : request.values()) {
    values.emplace_back(value.field_id(), value.value());
  }
  return values;
}

NewSignatureRequest WantedBy(const Call& call, const pb::CreateSignatureRequestRequest& request) {
  return {.organisation_id = call.caller.organisation_id,
          .case_id = request.case_id(),
          .document_id = request.document_id(),
          .title = request.title(),
          .message = request.message(),
          .sender_name = call.caller.actor_name,
          .contact_ids = {request.contact_ids().begin(), request.contact_ids().end()},
          .method = static_cast<SignatureMethod>(request.method()),
          .in_order = request.in_order(),
          .countersign = request.countersign(),
          .days = request.expire_days() == 0 ? kSignatureDays : request.expire_days(),
          .fields = FieldsOf(request)};
}

absl::StatusOr<pb::ListSignatureRequestsResponse> List(
    const Call& call, const pb::ListSignatureRequestsRequest& request, SignatureStore& store,
    const std::string& contact_id) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request, kPageByDefault));
  ASSIGN_OR_RETURN(auto found,
                   store.List(call.caller.organisation_id, request.case_id(), contact_id, page));
  pb::ListSignatureRequestsResponse response;
  response.set_next_page_token(
      CutPage(found, page, [](const SignatureRequest& one) { return one.signature_request_id; }));
  for (const SignatureRequest& one : found) {
    *response.add_signature_requests() =
        contact_id.empty() ? ToProto(one) : ToProtoFor(one, contact_id);
  }
  return response;
}

// Whether it is among the ETags of If-None-Match (RFC 9110, section 13.1.2), of which `*` is any.
bool NamesEtagOf(const SignatureRequest& request, const std::string& if_none_match) {
  return absl::StrContains(if_none_match, request.sha256) || if_none_match == "*";
}

// The bytes that a signer reads: before the last ones leave it is noted that they were seen, and
// then they may be consented to.
class SeenSource : public Source<pb::DownloadDocumentResponse> {
 public:
  SeenSource(std::unique_ptr<Source<pb::DownloadDocumentResponse>> bytes, Signatures& signatures,
             SigningClient client, int64_t size)
      : bytes_(std::move(bytes)),
        signatures_(signatures),
        client_(std::move(client)),
        end_(absl::StrCat("-", size - 1, "/")) {}

  absl::StatusOr<bool> Next(pb::DownloadDocumentResponse& response) override {
    ASSIGN_OR_RETURN(const bool more, bytes_->Next(response));
    if (!more) return false;
    if (response.content_length() > 0) {
      left_ = response.content_length();
      const std::string& range = response.content_range();
      reaches_end_ = range.empty() || absl::StrContains(range, end_);
    }
    left_ -= static_cast<int64_t>(response.data().size());
    if (left_ == 0 && reaches_end_) RETURN_IF_ERROR(signatures_.See(client_).status());
    return true;
  }

 private:
  const std::unique_ptr<Source<pb::DownloadDocumentResponse>> bytes_;
  Signatures& signatures_;
  const SigningClient client_;
  const std::string end_;  // What stands in the range of a part that reaches the end.
  int64_t left_ = 0;
  bool reaches_end_ = false;
};

}  // namespace

absl::StatusOr<pb::SignatureRequest> SignaturesHandler::CreateSignatureRequest(
    const Call& call, const pb::CreateSignatureRequestRequest& request) {
  // What was done before is not done again: its bytes would be copied for nothing.
  if (!request.request_id().empty()) {
    ASSIGN_OR_RETURN(const auto before, once_.Find(Once::KeyOf(call, request)));
    pb::SignatureRequest first;
    if (before.has_value() && first.ParseFromString(*before)) return first;
  }
  ASSIGN_OR_RETURN(const Signatures::Prepared prepared,
                   signatures_.Prepare(WantedBy(call, request)));
  return once_.Run(call, request, [&] { return AnswerOf(signatures_.Add(prepared)); });
}

absl::StatusOr<pb::ListSignatureRequestsResponse> SignaturesHandler::ListSignatureRequests(
    const Call& call, const pb::ListSignatureRequestsRequest& request) {
  return List(call, request, store_, "");
}

absl::StatusOr<pb::SignatureRequest> SignaturesHandler::GetSignatureRequest(
    const Call& call, const pb::GetSignatureRequestRequest& request) {
  const SignatureName name = StaffOf(call, request).name;
  ASSIGN_OR_RETURN(const SignatureRequest found, store_.Get(name, ""));
  ASSIGN_OR_RETURN(const auto events, store_.Events(name));
  pb::SignatureRequest response = ToProto(found);
  for (const SignatureEvent& event : events) *response.add_events() = ToProto(event);
  return response;
}

absl::StatusOr<pb::SignatureRequest> SignaturesHandler::VoidSignatureRequest(
    const Call& call, const pb::VoidSignatureRequestRequest& request) {
  return AnswerOf(signatures_.Void(StaffOf(call, request), request.reason()));
}

absl::StatusOr<pb::SignatureRequest> SignaturesHandler::CountersignSignatureRequest(
    const Call& call, const pb::CountersignSignatureRequestRequest& request) {
  return AnswerOf(signatures_.Countersign(StaffOf(call, request), request.typed_name()));
}

absl::StatusOr<pb::SignatureRequest> SignaturesHandler::AcceptSignedCopy(
    const Call& call, const pb::AcceptSignedCopyRequest& request) {
  return AnswerOf(signatures_.Accept(StaffOf(call, request), request.contact_id()));
}

absl::StatusOr<pb::SignatureRequest> SignaturesHandler::ReturnSignedCopy(
    const Call& call, const pb::ReturnSignedCopyRequest& request) {
  return AnswerOf(
      signatures_.Return(StaffOf(call, request), request.contact_id(), request.reason()));
}

absl::StatusOr<pb::ListSignatureRequestsResponse>
PortalSignaturesHandler::ListPortalSignatureRequests(
    const Call& call, const pb::ListSignatureRequestsRequest& request) {
  return List(call, request, store_, call.caller.AccessTo(request.case_id())->contact_id);
}

DownloadsHandler::Sends PortalSignaturesHandler::DownloadPortalSignatureDocument(
    const Call& call, const pb::DownloadPortalSignatureDocumentRequest& request) {
  SigningClient client = ClientOf(call, request);
  ASSIGN_OR_RETURN(const SignatureRequest found, store_.Get(client.name, client.access.contact_id));
  if (request.sealed()) {
    if (found.sealed_document_id.empty()) {
      return Refuse(common::v1::NOT_FOUND, "it is not sealed, or not yet");
    }
    ASSIGN_OR_RETURN(const Document sealed, documents_.Get(found.organisation_id, found.case_id,
                                                           nullptr, found.sealed_document_id));
    return SendBlob(blobs_, sealed, request.range(), request.if_range());
  }
  const Document sent = {.organisation_id = found.organisation_id,
                         .document_id = found.signature_request_id,
                         .filename = found.filename,
                         .content_type = found.content_type,
                         .size_bytes = found.size_bytes,
                         .sha256 = found.sha256};
  ASSIGN_OR_RETURN(auto bytes, SendBlob(blobs_, sent, request.range(), request.if_range()));
  // Who asks what it would be, or has it already, is sent nothing that could be read.
  if (request.http_method() == "HEAD" || NamesEtagOf(found, request.if_none_match())) return bytes;
  return std::make_unique<SeenSource>(std::move(bytes), signatures_, std::move(client),
                                      found.size_bytes);
}

absl::StatusOr<pb::StartPortalSignatureResponse> PortalSignaturesHandler::StartPortalSignature(
    const Call& call, const pb::StartPortalSignatureRequest& request) {
  ASSIGN_OR_RETURN(const Signatures::Started started,
                   signatures_.Start(ClientOf(call, request), request.document_sha256()));
  pb::StartPortalSignatureResponse response;
  response.set_challenge_id(started.code.challenge_id);
  *response.mutable_expire_time() = gatehouse::ToProto(started.code.expire_time);
  *response.mutable_resend_time() = gatehouse::ToProto(started.code.resend_time);
  response.set_masked_mobile(started.masked_mobile);
  return response;
}

absl::StatusOr<pb::SignatureRequest> PortalSignaturesHandler::SignPortalSignatureRequest(
    const Call& call, const pb::SignPortalSignatureRequestRequest& request) {
  const SigningClient client = ClientOf(call, request);
  return AnswerOf(
      signatures_.Sign(client, {request.challenge_id(), request.code(), request.nonce()},
                       {request.typed_name(), request.drawn_png()}, ValuesOf(request)),
      client);
}

absl::StatusOr<pb::SignatureRequest> PortalSignaturesHandler::DeclinePortalSignatureRequest(
    const Call& call, const pb::DeclinePortalSignatureRequestRequest& request) {
  const SigningClient client = ClientOf(call, request);
  return AnswerOf(signatures_.Decline(client, request.reason()), client);
}

absl::StatusOr<pb::SignatureRequest> PortalSignaturesHandler::SubmitPortalSignedCopy(
    const Call& call, const pb::SubmitPortalSignedCopyRequest& request) {
  const SigningClient client = ClientOf(call, request);
  return AnswerOf(signatures_.Submit(client, request.document_id()), client);
}

absl::StatusOr<identity::v1::PasskeyChallenge>
PasskeySignaturesHandler::StartPortalPasskeySignature(
    const Call& call, const pb::StartPortalPasskeySignatureRequest& request) {
  ASSIGN_OR_RETURN(const PasskeyOptions begun,
                   signatures_.StartPasskey(ClientOf(call, request), request.document_sha256(),
                                            request.portal_url()));
  identity::v1::PasskeyChallenge challenge;
  challenge.set_challenge_id(begun.challenge_id);
  *challenge.mutable_expire_time() = gatehouse::ToProto(begun.expire_time);
  identity::v1::PasskeyRequestOptions& options = *challenge.mutable_options();
  options.set_challenge(begun.challenge);
  options.set_timeout(begun.timeout_ms);
  options.set_rp_id(begun.host);
  options.set_user_verification(begun.user_verification);
  for (const std::string& id : begun.credential_ids) {
    identity::v1::PasskeyDescriptor& credential = *options.add_allow_credentials();
    credential.set_type("public-key");
    credential.set_id(id);
  }
  return challenge;
}

absl::StatusOr<pb::SignatureRequest> PasskeySignaturesHandler::SignPortalSignatureRequestByPasskey(
    const Call& call, const pb::SignPortalSignatureRequestByPasskeyRequest& request) {
  const SigningClient client = ClientOf(call, request);
  return AnswerOf(
      signatures_.SignByPasskey(client,
                                {.challenge_id = request.challenge_id(),
                                 .credential_id = request.credential_id(),
                                 .client_data = request.client_data_json(),
                                 .authenticator_data = request.authenticator_data(),
                                 .signature = request.signature(),
                                 .user_handle = request.user_handle()},
                                {request.typed_name(), request.drawn_png()}, ValuesOf(request)),
      client);
}

absl::StatusOr<pb::Seal> SealsHandler::VerifySeal(const Call&,
                                                  const pb::VerifySealRequest& request) {
  ASSIGN_OR_RETURN(const SignatureRequest found, store_.FindSealed(request.sha256()));
  pb::Seal seal;
  seal.set_signature_request_id(found.signature_request_id);
  seal.set_title(found.title);
  seal.set_document_sha256(found.sha256);
  for (const Signer& signer : found.signers) seal.add_signer_names(signer.name);
  *seal.mutable_sign_time() = gatehouse::ToProto(found.end_time);
  return seal;
}

}  // namespace gatehouse::documents
