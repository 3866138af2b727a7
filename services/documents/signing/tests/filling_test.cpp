// Fields that signers fill, and passkeys that they sign with.
#include "absl/strings/str_cat.h"
#include "services/documents/signing/domain/sealing.h"
#include "services/documents/signing/handler.h"
#include "services/documents/signing/tests/pdfs.h"
#include "services/documents/signing/tests/seal_authority.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

struct FillingFixture : Fixture {
  Once once{database.postgres(), Secret(RandomBytes(32))};
  SealerProcess sealer{kSealerProgram, *TheAuthority().key};
  Signatures drawing{
      {signature_store, documents, blobs, rules, cases, organisations, codes, clock, &sealer}};
  Sealing sealing{{signature_store, uploads, blobs, organisations, sealer, clock}};
  SignaturesHandler staff{drawing, signature_store, once};
  PortalSignaturesHandler portal{drawing, signature_store, documents, blobs};
  PasskeySignaturesHandler by_passkey{drawing};

  FillingFixture() {
    // The second of June in Sydney already.
    clock.now = absl::FromCivil(absl::CivilHour(2027, 6, 1, 23), absl::UTCTimeZone());
  }
  static pb::SignatureField& Add(pb::CreateSignatureRequestRequest& request, const std::string& id,
                                 pb::SignatureField::Kind kind,
                                 const std::string& contact_id = "ada") {
    pb::SignatureField& field = *request.add_fields();
    field.set_field_id(id);
    field.set_kind(kind);
    field.set_contact_id(contact_id);
    field.set_page(1);
    field.set_left(0.1);
    field.set_top(0.1 * request.fields_size());
    field.set_width(0.8);
    field.set_height(0.09);
    return field;
  }
  // With a place of each kind for ada, and one for bob.
  pb::CreateSignatureRequestRequest Asking(const std::string& pdf = Pdf(2)) {
    pb::CreateSignatureRequestRequest request;
    request.set_case_id("deal-1");
    request.set_document_id(TakeByStaff(pdf)->document_id);
    request.set_method(pb::ELECTRONIC);
    request.add_contact_ids("ada");
    request.add_contact_ids("bob");
    Add(request, "sign", pb::SignatureField::SIGNATURE);
    Add(request, "initials", pb::SignatureField::INITIALS).set_required(true);
    Add(request, "date", pb::SignatureField::DATE_SIGNED);
    Add(request, "years", pb::SignatureField::TEXT).set_label("Years here");
    Add(request, "agree", pb::SignatureField::CHECKBOX).set_required(true);
    Add(request, "theirs", pb::SignatureField::SIGNATURE, "bob").set_page(2);
    return request;
  }
  pb::SignatureRequest Sent(const pb::CreateSignatureRequestRequest& asking) {
    const auto sent = staff.CreateSignatureRequest(StaffCall(), asking);
    INFO(sent.status().ToString());
    REQUIRE(sent.ok());
    return *sent;
  }
  template <typename Request>
  static Request About(const pb::SignatureRequest& sent) {
    Request request;
    request.set_case_id("deal-1");
    request.set_signature_request_id(sent.signature_request_id());
    return request;
  }
  SigningClient ClientAt(const pb::SignatureRequest& sent, const CaseAccess& access) {
    return {{"acme", "deal-1", sent.signature_request_id()}, access, {}};
  }
  absl::StatusOr<pb::SignatureRequest> Sign(const pb::SignatureRequest& sent,
                                            const CaseAccess& access, const FieldValues& values) {
    const SigningClient client = ClientAt(sent, access);
    RETURN_IF_ERROR(drawing.See(client).status());
    ASSIGN_OR_RETURN(const auto started, drawing.Start(client, sent.document_sha256()));
    auto request = About<pb::SignPortalSignatureRequestRequest>(sent);
    request.set_challenge_id(started.code.challenge_id);
    request.set_code("123456");
    request.set_typed_name("Ada Lovelace");
    for (const auto& [field_id, value] : values) {
      pb::SignatureFieldValue& said = *request.add_values();
      said.set_field_id(field_id);
      said.set_value(value);
    }
    return portal.SignPortalSignatureRequest(ClientCall(access), request);
  }
  pb::SignatureRequest ListedFor(const CaseAccess& access) {
    pb::ListSignatureRequestsRequest request;
    request.set_case_id("deal-1");
    const auto listed = portal.ListPortalSignatureRequests(ClientCall(access), request);
    return listed->signature_requests(0);
  }
  std::string Why(const pb::CreateSignatureRequestRequest& asking) {
    const absl::Status refused = staff.CreateSignatureRequest(StaffCall(), asking).status();
    return absl::StrCat(ReasonOf(refused), " ", FactsOf(refused)["problem"]);
  }
};

TEST_CASE_METHOD(FillingFixture, "signers fill their fields, and see no other's", "[service]") {
  const pb::SignatureRequest sent = Sent(Asking());
  CHECK(sent.fields_size() == 6);
  REQUIRE(sent.pages_size() == 2);
  CHECK(sent.pages(0).width() == 300);
  const pb::SignatureRequest shown = ListedFor(bob);
  REQUIRE(shown.fields_size() == 1);
  CHECK(shown.fields(0).field_id() == "theirs");
  CHECK(shown.pages_size() == 1);
  const auto missing = Sign(sent, ada, {{"years", "12"}}).status();
  CHECK(ReasonOf(missing) == "SIGNATURE_FIELDS_MISSING");
  CHECK(FactsOf(missing)["fieldIds"] == "initials,agree");
  const FieldValues values = {{"years", "12 Jahre"}, {"initials", "A.L."}, {"agree", "true"}};
  const auto signed_by_ada = Sign(sent, ada, values);
  INFO(signed_by_ada.status().ToString());
  REQUIRE(signed_by_ada.ok());
  CHECK(signed_by_ada->signers(0).values_size() == 4);
  CHECK(ListedFor(bob).signers(0).values().empty());
  REQUIRE(Sign(sent, bob, {}).ok());
  const SignatureName name = {"acme", "deal-1", sent.signature_request_id()};
  const SignatureRequest kept = signature_store.Get(name, "").value();
  CHECK(kept.state == SignatureState::kSigned);
  CHECK(kept.fields[2].value == "2027-06-02");
  CHECK(kept.fields[3].value == "12 Jahre");
  CHECK(kept.fields[5].value.empty());
}

TEST_CASE_METHOD(FillingFixture, "what was filled in is drawn before it is sealed", "[service]") {
  const pb::SignatureRequest sent = Sent(Asking());
  REQUIRE(Sign(sent, ada, {{"years", "Zwölf"}, {"initials", "A.L."}, {"agree", "true"}}).ok());
  REQUIRE(Sign(sent, bob, {}).ok());
  const SignatureName name = {"acme", "deal-1", sent.signature_request_id()};
  REQUIRE(sealing.Seal(name).ok());
  const SignatureRequest sealed = signature_store.Get(name, "").value();
  CHECK(sealed.seal_refusal.empty());
  const auto blob = blobs.Read("acme", sealed.sealed_document_id);
  REQUIRE(blob.ok());
  std::string bytes;
  REQUIRE((*blob)->Read(0, 10 << 20, bytes).ok());
  CHECK(TheAuthority().IsValid(bytes));
  TheAuthority().Run("pdftotext -l 1 a.pdf first && pdftotext -f 3 -l 9 a.pdf certificate");
  const std::string first = TheAuthority().Text("first");
  for (const char* const text : {"Ada Lovelace", "A.L.", "2027-06-02", "Zwölf"}) {
    CHECK(absl::StrContains(first, text));
  }
  CHECK(absl::StrContains(TheAuthority().Text("certificate"), "Years here: Zwölf"));
}

TEST_CASE_METHOD(FillingFixture, "what cannot be placed is refused by its name", "[service]") {
  auto beyond = Asking();
  beyond.mutable_fields(5)->set_page(3);
  CHECK(Why(beyond) == "INVALID_REQUEST ");
  auto on_paper = Asking();
  on_paper.set_method(pb::MANUAL);
  CHECK(Why(on_paper) == "INVALID_REQUEST ");
  CHECK(Why(Asking(SealWith(Pdf(1))->document)) == "SIGNATURE_FIELDS_NOT_DRAWABLE PDF_SIGNED");
  CHECK(Why(Asking(kPdf)) == "SIGNATURE_FIELDS_NOT_DRAWABLE PDF_BROKEN");
  SignaturesHandler without{signatures, signature_store, once};
  CHECK(ReasonOf(without.CreateSignatureRequest(StaffCall(), Asking()).status()) ==
        "SIGNATURE_FIELDS_NOT_CONFIGURED");
  CHECK(Count("documents.signature_request") == 0);
}

TEST_CASE_METHOD(FillingFixture, "a client signs with a passkey where that is let", "[service]") {
  auto asking = Asking();
  asking.clear_fields();
  const pb::SignatureRequest sent = Sent(asking), other = Sent(asking);
  auto start = About<pb::StartPortalPasskeySignatureRequest>(sent);
  start.set_document_sha256(sent.document_sha256());
  start.set_consent(true);
  const auto begin = [&] { return by_passkey.StartPortalPasskeySignature(ClientCall(ada), start); };
  CHECK(ReasonOf(begin().status()) == "SIGNATURE_PASSKEY_NOT_ALLOWED");
  start.set_signature_request_id("sig_none");
  CHECK(ReasonOf(begin().status()) == "NOT_FOUND");
  start.set_signature_request_id(sent.signature_request_id());
  rules.rules.passkey_signatures = true;
  CHECK(ReasonOf(begin().status()) == "SIGNATURE_NOT_READ");
  for (const auto& one : {sent, other}) REQUIRE(drawing.See(ClientAt(one, ada)).ok());
  codes.has_passkey = false;
  CHECK(ReasonOf(begin().status()) == "SIGNATURE_PASSKEY_MISSING");
  codes.has_passkey = true;
  start.set_portal_url("https://evil.example");
  CHECK(ReasonOf(begin().status()) == "INVALID_REQUEST");
  start.set_portal_url("https://portal.example.NZ/");
  const auto begun = begin();
  INFO(begun.status().ToString());
  REQUIRE(begun.ok());
  CHECK(codes.begun.back().portal_url == "https://portal.example.nz");
  CHECK(begun->options().allow_credentials(0).type() == "public-key");
  CHECK(codes.sent.empty());

  auto sign = About<pb::SignPortalSignatureRequestByPasskeyRequest>(sent);
  sign.set_challenge_id(begun->challenge_id());
  sign.set_typed_name("Ada Lovelace");
  sign.set_signature("bad");
  const auto signing = [&] {
    return by_passkey.SignPortalSignatureRequestByPasskey(ClientCall(ada), sign);
  };
  CHECK(ReasonOf(signing().status()) == "SIGNATURE_PASSKEY_WRONG");
  sign.set_signature("good");
  rules.rules.passkey_signatures = false;
  CHECK(ReasonOf(signing().status()) == "SIGNATURE_PASSKEY_NOT_ALLOWED");
  rules.rules.passkey_signatures = true;
  const auto done = signing();
  INFO(done.status().ToString());
  REQUIRE(done.ok());
  CHECK(done->signers(0).state() == pb::Signer::SIGNED);
  CHECK(done->signers(0).passkey_name() == "Ada's laptop");
  CHECK(done->signers(0).masked_mobile().empty());
  const SignatureName name = {"acme", "deal-1", sent.signature_request_id()};
  CHECK(signature_store.Get(name, "")->signers[0].passkey_id == "pky_1");
  // It stays signed, whatever comes; and what was begun for it signs no other.
  CHECK(signing().ok());
  REQUIRE(drawing.Start(ClientAt(other, ada), other.document_sha256()).ok());
  sign.set_signature_request_id(other.signature_request_id());
  CHECK(ReasonOf(signing().status()) == "CHALLENGE_EXPIRED");
}

}  // namespace
}  // namespace gatehouse::documents
