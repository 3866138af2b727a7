#include "services/documents/signing/handler.h"
#include "services/documents/signing/signature_job.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

struct SigningFixture : Fixture {
  Once once{database.postgres(), Secret(RandomBytes(32))};
  SignaturesHandler staff{signatures, signature_store, once};
  PortalSignaturesHandler portal{signatures, signature_store, documents, blobs};

  SigningFixture() {
    // By day in Sydney, whenever the tests run.
    absl::TimeZone zone = organisations.profile.time_zone;
    clock.now = absl::FromCivil(absl::CivilHour(2027, 6, 1, 12), zone);
  }
  static pb::CreateSignatureRequestRequest Asking(const std::string& document_id,
                                                  const std::vector<std::string>& contacts = {
                                                      "ada"}) {
    pb::CreateSignatureRequestRequest request;
    request.set_case_id("deal-1");
    request.set_document_id(document_id);
    request.set_method(pb::ELECTRONIC);
    for (const std::string& contact : contacts) request.add_contact_ids(contact);
    return request;
  }
  std::string Kept(const std::string& bytes = kPdf) { return TakeByStaff(bytes)->document_id; }
  pb::SignatureRequest Send(const std::vector<std::string>& contacts = {"ada"}) {
    const auto sent = staff.CreateSignatureRequest(StaffCall(), Asking(Kept(), contacts));
    INFO(sent.status().ToString());
    REQUIRE(sent.ok());
    return *sent;
  }
  template <typename Request>
  static Request About(const std::string& id) {
    Request request;
    request.set_case_id("deal-1");
    request.set_signature_request_id(id);
    return request;
  }
  absl::StatusOr<std::string> Read(const CaseAccess& access, const std::string& id) {
    const auto request = About<pb::DownloadPortalSignatureDocumentRequest>(id);
    ASSIGN_OR_RETURN(auto source,
                     portal.DownloadPortalSignatureDocument(ClientCall(access), request));
    std::string bytes;
    pb::DownloadDocumentResponse part;
    while (source->Next(part).value()) bytes += part.data();
    return bytes;
  }
  // Takes all that the service would send, as a gateway does that gives none of it on.
  void Peek(const std::string& id, const std::string& http_method,
            const std::string& if_none_match = "") {
    auto request = About<pb::DownloadPortalSignatureDocumentRequest>(id);
    request.set_http_method(http_method);
    request.set_if_none_match(if_none_match);
    const auto source = portal.DownloadPortalSignatureDocument(ClientCall(ada), request);
    REQUIRE(source.ok());
    pb::DownloadDocumentResponse part;
    while ((*source)->Next(part).value()) continue;
  }
  absl::StatusOr<pb::StartPortalSignatureResponse> Start(const CaseAccess& access,
                                                         const pb::SignatureRequest& sent) {
    auto request = About<pb::StartPortalSignatureRequest>(sent.signature_request_id());
    request.set_document_sha256(sent.document_sha256());
    request.set_consent(true);
    return portal.StartPortalSignature(ClientCall(access), request);
  }
  absl::StatusOr<pb::SignatureRequest> Sign(const CaseAccess& access,
                                            const pb::SignatureRequest& sent,
                                            const std::string& challenge_id,
                                            const std::string& code = "123456") {
    auto request = About<pb::SignPortalSignatureRequestRequest>(sent.signature_request_id());
    request.set_challenge_id(challenge_id);
    request.set_code(code);
    request.set_typed_name("آدا لوفلايس");
    Call call = ClientCall(access);
    call.client_address = "192.0.2.7";
    call.user_agent = "Browser/1";
    return portal.SignPortalSignatureRequest(call, request);
  }
  // All that a signer does.
  absl::StatusOr<pb::SignatureRequest> SignWhole(const CaseAccess& access,
                                                 const pb::SignatureRequest& sent) {
    RETURN_IF_ERROR(Read(access, sent.signature_request_id()).status());
    ASSIGN_OR_RETURN(const auto started, Start(access, sent));
    return Sign(access, sent, started.challenge_id());
  }
  pb::SignatureRequest Get(const std::string& id) {
    return staff.GetSignatureRequest(StaffCall(), About<pb::GetSignatureRequestRequest>(id))
        .value();
  }
  std::vector<std::string> TypesOf(const std::string& id) {
    std::vector<std::string> types;
    const pb::SignatureRequest request = Get(id);
    for (const auto& event : request.events()) types.push_back(event.type());
    return types;
  }
  pb::ListSignatureRequestsResponse ListFor(const CaseAccess& access) {
    pb::ListSignatureRequestsRequest request;
    request.set_case_id("deal-1");
    return portal.ListPortalSignatureRequests(ClientCall(access), request).value();
  }
  int Jobs(const std::string& kind) {
    return database.Exec("SELECT count(*) FROM job WHERE kind LIKE '%" + kind + "'")[0][0]
        .as<int>();
  }
  absl::Status LookAt(const std::string& id, absl::Time time) {
    clock.now = time;
    Job job;
    job.organisation_id = "acme";
    job.payload = "deal-1\n" + id;
    absl::Status outcome = absl::UnknownError("not called");
    SignatureWork(signatures)(job, [&](absl::Status status) { outcome = std::move(status); });
    return outcome;
  }
};

TEST_CASE_METHOD(SigningFixture, "a client reads, agrees, and signs with a fresh code",
                 "[service]") {
  const pb::SignatureRequest sent = Send();
  const std::string& id = sent.signature_request_id();
  CHECK(sent.document_sha256() == Hex(Sha256(kPdf)));
  CHECK(sent.title() == "a.pdf");
  CHECK(ReasonOf(Start(ada, sent).status()) == "SIGNATURE_NOT_READ");
  CHECK(Read(ada, id).value() == kPdf);
  const auto started = Start(ada, sent);
  REQUIRE(started.ok());
  REQUIRE(codes.sent.size() == 1);
  CHECK(codes.sent[0].mobile == "+61412345678");
  CHECK(codes.sent[0].invitation_id == "inv_1");
  CHECK(ReasonOf(Sign(ada, sent, started->challenge_id(), "000000").status()) ==
        "SIGNATURE_CODE_WRONG");
  CHECK(Get(id).state() == pb::SIGNING);
  const auto done = Sign(ada, sent, started->challenge_id());
  REQUIRE(done.ok());
  CHECK(done->state() == pb::SIGNED);
  CHECK(done->signers(0).typed_name() == "آدا لوفلايس");
  CHECK(done->signers(0).masked_mobile() == "•••• ••5 678");
  CHECK(TypesOf(id) ==
        std::vector<std::string>{"sent", "asked", "seen", "consented", "signed", "completed"});
  CHECK(Get(id).events(4).client_address() == "192.0.2.7");
  CHECK(Get(id).events(4).user_agent() == "Browser/1");
  // Once more, the answer having been lost: with whatever code.
  CHECK(Sign(ada, sent, "cnf_other")->state() == pb::SIGNED);
}

TEST_CASE_METHOD(SigningFixture, "who has not had a document to its end has not read it",
                 "[service]") {
  auto large = Asking(Kept(kPdf + std::string(600'000, 'x')));
  const pb::SignatureRequest sent = staff.CreateSignatureRequest(StaffCall(), large).value();
  auto request = About<pb::DownloadPortalSignatureDocumentRequest>(sent.signature_request_id());
  const auto open = [&] {
    return portal.DownloadPortalSignatureDocument(ClientCall(ada), request);
  };
  pb::DownloadDocumentResponse part;
  {
    const auto broken = open();
    REQUIRE(broken.value()->Next(part).value());
  }
  request.set_range("bytes=0-9");
  const auto first = open();
  while (first.value()->Next(part).value()) {
  }
  CHECK(ReasonOf(Start(ada, sent).status()) == "SIGNATURE_NOT_READ");
  request.set_range("bytes=600000-");
  const auto last = open();
  while (last.value()->Next(part).value()) {
  }
  CHECK(Start(ada, sent).ok());
}

TEST_CASE_METHOD(SigningFixture, "a code for one document signs no other", "[service]") {
  const pb::SignatureRequest first = Send(), second = Send();
  for (const auto& sent : {first, second}) REQUIRE(Read(ada, sent.signature_request_id()).ok());
  const auto started = Start(ada, first);
  REQUIRE(started.ok());
  REQUIRE(Start(ada, second).ok());
  CHECK(ReasonOf(Sign(ada, second, started->challenge_id()).status()) == "CHALLENGE_EXPIRED");
  CHECK(codes.sent[0].deed_id != codes.sent[1].deed_id);
}

TEST_CASE_METHOD(SigningFixture, "what was sent is what is signed, whatever becomes of it",
                 "[service]") {
  clock.now = absl::Now();
  const std::string document_id = Kept();
  const auto sent = staff.CreateSignatureRequest(StaffCall(), Asking(document_id));
  REQUIRE(sent.ok());
  Document other = Named();
  other.replaces_document_id = document_id;
  REQUIRE(Take(uploads.BeginByStaff(other, {}), {kPdf + "% another one"}).ok());
  CHECK(ReasonOf(documents.Get("acme", "deal-1", nullptr, document_id).status()) == "NOT_FOUND");
  CHECK(collector.Collect(absl::Now() + absl::Hours(48)).ok());
  CHECK(Read(ada, sent->signature_request_id()).value() == kPdf);
  CHECK(SignWhole(ada, *sent)->state() == pb::SIGNED);
}

TEST_CASE_METHOD(SigningFixture, "bytes that are not what was kept are never sent", "[service]") {
  const std::string document_id = Kept();
  database.Exec("UPDATE documents.document SET sha256 = 'other'");
  const auto refused = staff.CreateSignatureRequest(StaffCall(), Asking(document_id)).status();
  CHECK(absl::IsDataLoss(refused));
  CHECK(Count("documents.signature_request") == 0);
}

TEST_CASE_METHOD(SigningFixture, "a signature request is made once under one id", "[service]") {
  auto asking = Asking(Kept());
  asking.set_request_id("r1");
  const auto first = staff.CreateSignatureRequest(StaffCall(), asking);
  REQUIRE(first.ok());
  const int files = Files();
  CHECK(staff.CreateSignatureRequest(StaffCall(), asking)->signature_request_id() ==
        first->signature_request_id());
  CHECK(Files() == files);
  CHECK(Count("documents.signature_request") == 1);
  CHECK(Jobs("TellContact") == 1);
  asking.set_title("Another");
  CHECK(ReasonOf(staff.CreateSignatureRequest(StaffCall(), asking).status()) ==
        "REQUEST_ID_REUSED");
}

TEST_CASE_METHOD(SigningFixture, "what cannot be signed is refused by its name", "[service]") {
  const std::string pdf = Kept();
  const std::string text = TakeByStaff("Just words.\n", "a.txt")->document_id;
  const auto reason = [&](const pb::CreateSignatureRequestRequest& request) {
    return ReasonOf(staff.CreateSignatureRequest(StaffCall(), request).status());
  };
  CHECK(reason(Asking("doc_none")) == "NOT_FOUND");
  CHECK(reason(Asking(pdf, {"eve"})) == "NOT_FOUND");
  CHECK(reason(Asking(pdf, {"ada", "ada"})) == "INVALID_REQUEST");
  CHECK(reason(Asking(text)) == "SIGNATURE_NEEDS_PDF");
  cases.mirrored.contacts[0].mobile.clear();
  CHECK(reason(Asking(pdf)) == "SIGNER_MOBILE_MISSING");
  auto on_paper = Asking(text);
  on_paper.set_method(pb::MANUAL);
  CHECK(reason(on_paper).empty());
  rules.rules.unscanned_downloads = false;
  CHECK(reason(on_paper) == "DOCUMENT_NOT_SCANNED");
}

TEST_CASE_METHOD(SigningFixture, "a case has so many signature requests and no more", "[service]") {
  const std::string document_id = Kept();
  database.Exec(
      "INSERT INTO documents.signature_request SELECT 'acme', 'sig_' || n, 'deal-1', 'doc', 't', "
      "'f', 'c', 1, 's', 1, 1, false, false, '', '', '', '', now(), now(), NULL, 'infinity' "
      "FROM generate_series(1, 200) n");
  const auto refused = staff.CreateSignatureRequest(StaffCall(), Asking(document_id)).status();
  CHECK(ReasonOf(refused) == "SIGNATURE_REQUEST_LIMIT_REACHED");
  CHECK(FactsOf(refused)["max"] == "200");
}

TEST_CASE_METHOD(SigningFixture, "a signer sees its own, and of others as little as it must",
                 "[service]") {
  const pb::SignatureRequest for_ada = Send({"ada"}), for_both = Send({"ada", "bob"});
  CHECK(ListFor(ada).signature_requests_size() == 2);
  const auto seen = ListFor(bob);
  REQUIRE(seen.signature_requests_size() == 1);
  CHECK(seen.signature_requests(0).signature_request_id() == for_both.signature_request_id());
  REQUIRE(SignWhole(ada, for_both).ok());
  const auto shown = ListFor(bob).signature_requests(0);
  CHECK(shown.signers(0).name() == "Ada Client");
  CHECK(shown.signers(0).state() == pb::Signer::SIGNED);
  CHECK(shown.signers(0).contact_id().empty());
  CHECK(shown.signers(0).typed_name().empty());
  CHECK(shown.signers(0).masked_mobile().empty());
  CHECK_FALSE(shown.signers(0).has_sign_time());
  CHECK(shown.signers(1).contact_id() == "bob");
  for (const auto& refused : {Read(bob, for_ada.signature_request_id()).status(),
                              Start(bob, for_ada).status(), Sign(bob, for_ada, "cnf_x").status()}) {
    CHECK(ReasonOf(refused) == "NOT_FOUND");
  }
  auto decline = About<pb::DeclinePortalSignatureRequestRequest>(for_ada.signature_request_id());
  decline.set_reason("x");
  CHECK(ReasonOf(portal.DeclinePortalSignatureRequest(ClientCall(bob), decline).status()) ==
        "NOT_FOUND");
  const auto get = About<pb::GetSignatureRequestRequest>(for_ada.signature_request_id());
  CHECK(ReasonOf(staff.GetSignatureRequest(StaffCall("other"), get).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(SigningFixture, "whose turn has not come finds nothing", "[service]") {
  auto asking = Asking(Kept(), {"ada", "bob"});
  asking.set_in_order(true);
  const auto sent = staff.CreateSignatureRequest(StaffCall(), asking).value();
  CHECK(ListFor(bob).signature_requests().empty());
  CHECK(ReasonOf(Read(bob, sent.signature_request_id()).status()) == "NOT_FOUND");
  CHECK(Jobs("TellContact") == 1);
  REQUIRE(SignWhole(ada, sent).ok());
  CHECK(Jobs("TellContact") == 2);
  CHECK(SignWhole(bob, sent)->state() == pb::SIGNED);
}

TEST_CASE_METHOD(SigningFixture, "a list of documents says how far the signing of each is",
                 "[service]") {
  DownloadsHandler downloads(documents, blobs, rules, signature_store);
  const pb::SignatureRequest sent = Send();
  Kept();
  REQUIRE(changes.Share({"acme", "deal-1", sent.document_id()}, "").ok());
  pb::ListDocumentsRequest request;
  request.set_case_id("deal-1");
  const auto states = [&](const absl::StatusOr<pb::ListDocumentsResponse>& listed) {
    std::vector<int> found;
    for (const auto& document : listed->documents()) found.push_back(document.signature_state());
    return found;
  };
  using States = std::vector<int>;
  CHECK(states(downloads.ListDocuments(StaffCall(), request)) == States{0, pb::SIGNING});
  CHECK(states(downloads.ListPortalDocuments(ClientCall(ada), request)) == States{pb::SIGNING});
  CHECK(states(downloads.ListPortalDocuments(ClientCall(bob), request)) == States{0});
  REQUIRE(SignWhole(ada, sent).ok());
  CHECK(states(downloads.ListPortalDocuments(ClientCall(ada), request)) == States{pb::SIGNED});
}

TEST_CASE_METHOD(SigningFixture, "reminders and the end come in their time, once each",
                 "[service]") {
  const pb::SignatureRequest sent = Send();
  const std::string& id = sent.signature_request_id();
  const absl::Time start = clock.now;
  CHECK(Jobs("signature.look") == 1);
  CHECK(Jobs("TellContact") == 1);
  const absl::Time first = start + absl::Hours(5 * 24);
  CHECK(LookAt(id, first - absl::Hours(1)).ok());
  CHECK(Jobs("TellContact") == 1);
  CHECK(absl::IsAborted(LookAt(id, first - absl::Seconds(1))));
  REQUIRE(LookAt(id, first).ok());
  CHECK(Jobs("TellContact") == 2);
  CHECK(Jobs("signature.look") == 2);
  REQUIRE(LookAt(id, first).ok());
  CHECK(Jobs("TellContact") == 2);
  // Also where the contact has left the case: notification tells nobody then.
  cases.mirrored.contacts.clear();
  REQUIRE(LookAt(id, start + absl::Hours(30 * 24)).ok());
  CHECK(Jobs("TellContact") == 3);
  CHECK(Get(id).state() == pb::SIGNING_EXPIRED);
  CHECK(ReasonOf(Start(ada, sent).status()) == "SIGNATURE_REQUEST_ENDED");
  CHECK(LookAt("sig_none", start).ok());
}

TEST_CASE_METHOD(SigningFixture, "two who sign at once are both signers, and it ends once",
                 "[service]") {
  const pb::SignatureRequest sent = Send({"ada", "bob"});
  std::map<std::string, std::string> challenges;
  for (const CaseAccess& access : {ada, bob}) {
    REQUIRE(Read(access, sent.signature_request_id()).ok());
    challenges[access.contact_id] = Start(access, sent)->challenge_id();
  }
  std::vector<std::thread> threads;
  for (const CaseAccess& access : {ada, bob, ada, bob}) {
    threads.emplace_back([&, access] { (void)Sign(access, sent, challenges[access.contact_id]); });
  }
  for (std::thread& thread : threads) thread.join();
  const auto types = TypesOf(sent.signature_request_id());
  CHECK(std::count(types.begin(), types.end(), "signed") == 2);
  CHECK(std::count(types.begin(), types.end(), "completed") == 1);
  CHECK(Get(sent.signature_request_id()).state() == pb::SIGNED);
}

TEST_CASE_METHOD(SigningFixture, "what is signed on paper is handed in and accepted", "[service]") {
  auto asking = Asking(Kept());
  asking.set_method(pb::MANUAL);
  const auto sent = staff.CreateSignatureRequest(StaffCall(), asking).value();
  const std::string& id = sent.signature_request_id();
  auto submit = About<pb::SubmitPortalSignedCopyRequest>(id);
  const auto hand_in = [&](const std::string& document_id) {
    submit.set_document_id(document_id);
    return portal.SubmitPortalSignedCopy(ClientCall(ada), submit);
  };
  CHECK(ReasonOf(hand_in("doc_none").status()) == "NOT_FOUND");
  CHECK(ReasonOf(hand_in(TakeBy(bob)->document_id).status()) == "NOT_FOUND");
  const std::string copy = TakeBy(ada)->document_id;
  CHECK(hand_in(copy)->signers(0).state() == pb::Signer::SUBMITTED);
  auto give_back = About<pb::ReturnSignedCopyRequest>(id);
  give_back.set_contact_id("ada");
  give_back.set_reason("A page is missing");
  CHECK(staff.ReturnSignedCopy(StaffCall(), give_back)->signers(0).state() == pb::Signer::ASKED);
  CHECK(ListFor(ada).signature_requests(0).signers(0).return_reason() == "A page is missing");
  REQUIRE(hand_in(copy).ok());
  auto accept = About<pb::AcceptSignedCopyRequest>(id);
  accept.set_contact_id("ada");
  const auto done = staff.AcceptSignedCopy(StaffCall(), accept);
  REQUIRE(done.ok());
  CHECK(done->state() == pb::SIGNED);
  CHECK(done->signers(0).signed_document_id() == copy);
}

TEST_CASE_METHOD(SigningFixture, "staff call off, and sign for the organisation", "[service]") {
  auto asking = Asking(Kept());
  asking.set_countersign(true);
  const auto sent = staff.CreateSignatureRequest(StaffCall(), asking).value();
  auto countersign = About<pb::CountersignSignatureRequestRequest>(sent.signature_request_id());
  countersign.set_typed_name("Sam Staff");
  CHECK(ReasonOf(staff.CountersignSignatureRequest(StaffCall(), countersign).status()) ==
        "SIGNATURE_NOT_DUE");
  CHECK(SignWhole(ada, sent)->state() == pb::COUNTERSIGNING);
  CHECK(staff.CountersignSignatureRequest(StaffCall(), countersign)->state() == pb::SIGNED);
  const pb::SignatureRequest other = Send();
  auto call_off = About<pb::VoidSignatureRequestRequest>(other.signature_request_id());
  call_off.set_reason("The wrong file");
  const auto voided = staff.VoidSignatureRequest(StaffCall(), call_off);
  REQUIRE(voided.ok());
  CHECK(voided->state() == pb::SIGNING_VOIDED);
  CHECK(voided->end_reason() == "The wrong file");
  CHECK(ReasonOf(Start(ada, other).status()) == "SIGNATURE_REQUEST_ENDED");
  call_off.set_signature_request_id(sent.signature_request_id());
  CHECK(ReasonOf(staff.VoidSignatureRequest(StaffCall(), call_off).status()) ==
        "SIGNATURE_REQUEST_ENDED");
}

TEST_CASE_METHOD(SigningFixture, "who asked only what it would be, or had it, has read nothing",
                 "[service]") {
  const pb::SignatureRequest sent = Send();
  const std::string& id = sent.signature_request_id();
  Peek(id, "HEAD");
  Peek(id, "GET", "\"" + sent.document_sha256() + "\"");
  Peek(id, "GET", "W/\"abc\", \"" + sent.document_sha256() + "\"");
  Peek(id, "GET", "*");
  CHECK(ReasonOf(Start(ada, sent).status()) == "SIGNATURE_NOT_READ");
  // What it has is of another document: all of this one goes out.
  Peek(id, "GET", "\"abc\"");
  CHECK(Start(ada, sent).ok());
}

}  // namespace
}  // namespace gatehouse::documents
