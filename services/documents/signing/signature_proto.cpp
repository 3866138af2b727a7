#include "services/documents/signing/signature_proto.h"

#include <algorithm>
#include <map>

#include "services/common/base/proto_time.h"

namespace gatehouse::documents {
namespace {

// Times that have not come stay unset.
void Set(absl::Time time, google::protobuf::Timestamp* (pb::Signer::*field)(), pb::Signer& proto) {
  if (time != absl::InfinitePast()) *(proto.*field)() = gatehouse::ToProto(time);
}

pb::Signer ToProto(const Signer& signer) {
  pb::Signer proto;
  proto.set_contact_id(signer.contact_id);
  proto.set_name(signer.name);
  proto.set_state(static_cast<pb::Signer::State>(signer.state));
  Set(signer.ask_time, &pb::Signer::mutable_ask_time, proto);
  Set(signer.see_time, &pb::Signer::mutable_see_time, proto);
  Set(signer.consent_time, &pb::Signer::mutable_consent_time, proto);
  Set(signer.sign_time, &pb::Signer::mutable_sign_time, proto);
  proto.set_typed_name(signer.typed_name);
  proto.set_drawn_png(signer.drawn_png);
  proto.set_masked_mobile(signer.masked_mobile);
  proto.set_signed_document_id(signer.signed_document_id);
  proto.set_return_reason(signer.return_reason);
  proto.set_passkey_id(signer.passkey_id);
  proto.set_passkey_name(signer.passkey_name);
  return proto;
}

pb::SignatureField ToProto(const SignatureField& field) {
  pb::SignatureField proto;
  proto.set_field_id(field.field_id);
  proto.set_kind(static_cast<pb::SignatureField::Kind>(field.kind));
  proto.set_contact_id(field.contact_id);
  proto.set_page(field.page);
  proto.set_left(field.left);
  proto.set_top(field.top);
  proto.set_width(field.width);
  proto.set_height(field.height);
  proto.set_required(field.required);
  proto.set_wrapped(field.wrapped);
  proto.set_label(field.label);
  return proto;
}

// The fields, the pages that they are on, and with each signer what it filled in.
void AddFields(const SignatureRequest& request, pb::SignatureRequest& proto) {
  std::map<int, PageSize> pages;
  for (const SignatureField& field : request.fields) {
    *proto.add_fields() = ToProto(field);
    pages[field.page] = field.page_size;
    if (field.value.empty()) continue;
    for (pb::Signer& signer : *proto.mutable_signers()) {
      if (signer.contact_id() != field.contact_id) continue;
      pb::SignatureFieldValue& value = *signer.add_values();
      value.set_field_id(field.field_id);
      value.set_value(field.value);
    }
  }
  for (const auto& [number, size] : pages) {
    pb::SignaturePage& page = *proto.add_pages();
    page.set_page(number);
    page.set_width(size.width);
    page.set_height(size.height);
  }
}

}  // namespace

pb::SignatureRequest ToProto(const SignatureRequest& request) {
  pb::SignatureRequest proto;
  proto.set_signature_request_id(request.signature_request_id);
  proto.set_document_id(request.document_id);
  proto.set_title(request.title);
  proto.set_filename(request.filename);
  proto.set_document_sha256(request.sha256);
  proto.set_method(static_cast<pb::SignatureMethod>(request.method));
  proto.set_state(static_cast<pb::SignatureState>(request.state));
  proto.set_in_order(request.in_order);
  proto.set_countersign(request.countersign);
  proto.set_message(request.message);
  for (const Signer& signer : request.signers) *proto.add_signers() = ToProto(signer);
  proto.set_sender_name(request.sender_name);
  proto.set_countersigned_name(request.countersigned_name);
  *proto.mutable_create_time() = gatehouse::ToProto(request.create_time);
  *proto.mutable_expire_time() = gatehouse::ToProto(request.expire_time);
  if (request.end_time != absl::InfinitePast()) {
    *proto.mutable_end_time() = gatehouse::ToProto(request.end_time);
  }
  proto.set_end_reason(request.end_reason);
  proto.set_sealed_document_id(request.sealed_document_id);
  proto.set_sealed_sha256(request.sealed_sha256);
  proto.set_seal_refusal(request.seal_refusal);
  AddFields(request, proto);
  return proto;
}

pb::SignatureEvent ToProto(const SignatureEvent& event) {
  pb::SignatureEvent proto;
  *proto.mutable_time() = gatehouse::ToProto(event.time);
  proto.set_type(event.type);
  proto.set_contact_id(event.contact_id);
  proto.set_actor_name(event.actor_name);
  proto.set_client_address(event.device.client_address);
  proto.set_user_agent(event.device.user_agent);
  return proto;
}

pb::SignatureRequest ToProtoFor(const SignatureRequest& request, const std::string& contact_id) {
  SignatureRequest own = request;
  own.fields.erase(
      std::remove_if(own.fields.begin(), own.fields.end(),
                     [&](const SignatureField& field) { return field.contact_id != contact_id; }),
      own.fields.end());
  pb::SignatureRequest proto = ToProto(own);
  for (pb::Signer& signer : *proto.mutable_signers()) {
    if (signer.contact_id() == contact_id) continue;
    pb::Signer shown;
    shown.set_name(signer.name());
    shown.set_state(signer.state());
    signer = shown;
  }
  return proto;
}

}  // namespace gatehouse::documents
