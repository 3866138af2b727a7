#include "services/documents/changes/domain/changes.h"

#include "services/documents/changes/handler.h"
#include "services/documents/requests/domain/reminders.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

TEST_CASE("whoever handed a document in may change it for half an hour", "[unit]") {
  const Document by_ada = {.from_client = true, .uploader_id = "ada", .create_time = kStart};
  const auto reason = [&](const Alterer& by, absl::Duration later) {
    return ReasonOf(CheckAlterable(by_ada, by, kStart + later));
  };
  CHECK(reason({true, "ada"}, absl::Minutes(29)).empty());
  CHECK(reason({true, "ada"}, kAlterable) == "DOCUMENT_FINAL");
  CHECK(reason({true, "bob"}, absl::Minutes(1)) == "DOCUMENT_FINAL");
  // A member of staff of the same id is somebody else.
  CHECK(reason({false, "ada"}, absl::Minutes(1)) == "DOCUMENT_FINAL");
}

TEST_CASE("a client sees what clients handed in, and what is shared with it", "[unit]") {
  CaseAccess ada = {"deal-1", "ada", "inv_1", Visibility::kOwn};
  Document document = {.case_id = "deal-1", .uploader_id = "key_1"};
  CHECK_FALSE(MaySee(ada, document));
  document.share_time = kStart;
  CHECK(MaySee(ada, document));
  document.shared_contact_id = "bob";
  CHECK_FALSE(MaySee(ada, document));
  ada.visibility = Visibility::kAll;
  CHECK(MaySee(ada, document));
  document.case_id = "deal-2";
  CHECK_FALSE(MaySee(ada, document));
}

TEST_CASE("an answer that is gone leaves its request as it was", "[unit]") {
  DocumentRequest request = {.state = RequestState::kPendingReview, .answers = 2};
  CHECK(Unanswered(request)->state == RequestState::kPendingReview);
  request.answers = 1;
  CHECK(Unanswered(request)->state == RequestState::kRequired);
  request.unavailable_reason = "none left";
  CHECK(Unanswered(request)->state == RequestState::kPendingReview);
  request.state = RequestState::kReturned;
  CHECK(Unanswered(request)->state == RequestState::kReturned);
  request.state = RequestState::kAccepted;
  CHECK(ReasonOf(Unanswered(request).status()) == "DOCUMENT_FINAL");
}

TEST_CASE("clients are told of what is shared with them, each once by name", "[unit]") {
  const MirroredCase mirrored = {
      "12 High Street", {{"ada", "Ada", "a@example.com"}, {"bob", "Bob", "b@example.com"}}};
  const std::vector<Reader> readers = {
      {{.case_id = "deal-1", .contact_id = "ada", .visibility = Visibility::kAll}, kStart}};
  const std::vector<Document> shared = {{.filename = "offer.pdf"},
                                        {.filename = "for bob.pdf", .shared_contact_id = "bob"},
                                        {.filename = "plan.pdf", .shared_contact_id = "ada"}};
  const auto notices = SharedNotices(shared, mirrored, readers);
  REQUIRE(notices.size() == 1);  // Bob has never entered.
  CHECK(notices[0].contact.email == "a@example.com");
  CHECK(LinesOf(notices[0].names, 900) == "- offer.pdf\n- plan.pdf\n");
  CHECK(SharedNotices({}, mirrored, readers).empty());
}

struct ChangesFixture : Fixture {
  ChangesHandler handler{changes};

  static DocumentName NameOf(const Document& document) {
    return {"acme", "deal-1", document.document_id};
  }
  absl::Status RemoveBy(const CaseAccess& access, const Document& document) {
    return changes.Remove(NameOf(document), &access, {true, access.contact_id});
  }
  std::string Ask() {
    const auto asked =
        requests.Create({.organisation_id = "acme", .case_id = "deal-1", .title = "Payslips"});
    REQUIRE(asked.ok());
    return asked->document_request_id;
  }
  RequestState StateOf(const std::string& id) {
    return request_store.Get("acme", "deal-1", nullptr, id)->state;
  }
  absl::StatusOr<Document> Replace(const Document& old, const std::string& bytes) {
    Document next = By(ada, old.document_request_id);
    next.replaces_document_id = old.document_id;
    return Take(uploads.BeginByClient(next, ada, {}), {bytes});
  }
  std::vector<Document> ListFor(const CaseAccess* access, const std::string& folder = "") {
    return documents.List("acme", "deal-1", access, {.folder = folder}, {}).value();
  }
  int Jobs(const std::string& kind) {
    return database.Exec("SELECT count(*) FROM job WHERE kind LIKE '%" + kind + "'")[0][0]
        .as<int>();
  }
};

TEST_CASE_METHOD(ChangesFixture, "a client takes back what it handed in", "[service]") {
  const std::string request = Ask();
  const Document first = TakeBy(ada, kPdf, request).value();
  const Document second = TakeBy(ada, kPdf, request).value();
  CHECK(ReasonOf(RemoveBy(bob, first)) == "NOT_FOUND");
  REQUIRE(RemoveBy(ada, first).ok());
  CHECK(ReasonOf(RemoveBy(ada, first)) == "NOT_FOUND");
  CHECK(StateOf(request) == RequestState::kPendingReview);
  REQUIRE(RemoveBy(ada, second).ok());
  CHECK(StateOf(request) == RequestState::kRequired);
  // The collector has its bytes, a day later; until then they count.
  CHECK(documents.Used("acme", "deal-1", "ada")->contact.documents == 2);
  CHECK(Count("documents.loose_blob") == 2);
  CHECK(Files() == 2);
  REQUIRE(collector.Collect(absl::Now() + absl::Hours(49)).ok());
  CHECK(Files() == 0);
  CHECK(Count("documents.loose_blob") == 0);
  const Usages used = documents.Used("acme", "deal-1", "ada").value();
  CHECK(used.organisation.documents == 0);
  CHECK(used.of_case.bytes == 0);
  CHECK(used.contact.documents == 0);
}

TEST_CASE_METHOD(ChangesFixture,
                 "who uploads and deletes fills the store no further than its quota", "[service]") {
  rules.rules.quotas.contact.bytes = static_cast<int64_t>(3 * kPdf.size());
  for (int i = 0; i < 3; ++i) {
    const auto taken = TakeBy(ada);
    REQUIRE(taken.ok());
    REQUIRE(RemoveBy(ada, *taken).ok());
  }
  CHECK(ReasonOf(TakeBy(ada).status()) == "CONTACT_QUOTA_REACHED");
  CHECK(Files() == 3);
  CHECK(TakeBy(bob).ok());
  REQUIRE(collector.Collect(absl::Now() + absl::Hours(25)).ok());
  CHECK(TakeBy(ada).ok());
}

TEST_CASE_METHOD(ChangesFixture, "what a process of before removed is counted once", "[service]") {
  const Document old = TakeBy(ada).value();
  REQUIRE(TakeBy(ada).ok());
  database.Exec("UPDATE documents.usage SET documents = documents - 1, bytes = bytes - " +
                std::to_string(old.size_bytes));
  database.Exec("DELETE FROM documents.document WHERE document_id = '" + old.document_id + "'");
  database.Exec(
      "INSERT INTO documents.loose_blob (organisation_id, document_id) VALUES ('acme', '" +
      old.document_id + "')");
  REQUIRE(collector.Collect(absl::Now() + absl::Hours(25)).ok());
  CHECK(documents.Used("acme", "deal-1", "ada")->contact.documents == 1);
}

TEST_CASE_METHOD(ChangesFixture, "what is too old, or accepted, stays", "[service]") {
  const std::string request = Ask();
  const Document kept = TakeBy(ada, kPdf, request).value();
  SECTION("too old") {
    clock.now = absl::Now() + absl::Minutes(31);
    CHECK(ReasonOf(RemoveBy(ada, kept)) == "DOCUMENT_FINAL");
    CHECK(ReasonOf(Replace(kept, kPdf).status()) == "DOCUMENT_FINAL");
  }
  SECTION("accepted") {
    REQUIRE(requests.Accept({"acme", "deal-1", request}).ok());
    CHECK(ReasonOf(RemoveBy(ada, kept)) == "DOCUMENT_FINAL");
  }
  CHECK(ListFor(nullptr).size() == 1);
  CHECK(documents.Used("acme", "deal-1", "ada")->contact.documents == 1);
}

TEST_CASE_METHOD(ChangesFixture, "a document takes the place of another", "[service]") {
  const std::string request = Ask();
  const Document old = TakeBy(ada, kPdf, request).value();
  rules.rules.quotas.contact.documents = 2;  // The old one counts until it is collected.
  const auto next = Replace(old, kPdf + "better");
  REQUIRE(next.ok());
  const auto listed = ListFor(nullptr);
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].document_id == next->document_id);
  CHECK(StateOf(request) == RequestState::kPendingReview);
  CHECK(documents.Used("acme", "deal-1", "ada")->contact.documents == 2);
  REQUIRE(collector.Collect(absl::Now() + absl::Hours(25)).ok());
  CHECK(documents.Used("acme", "deal-1", "ada")->contact.bytes ==
        static_cast<int64_t>(kPdf.size() + 6));
  // What is gone is replaced by nothing.
  CHECK(ReasonOf(Replace(old, kPdf).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(ChangesFixture, "of two that replace one document one does", "[service]") {
  const Document old = TakeBy(ada).value();
  std::vector<std::thread> threads;
  std::atomic<int> replaced = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { replaced += Replace(old, kPdf).ok(); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(replaced == 1);
  CHECK(ListFor(nullptr).size() == 1);
  CHECK(documents.Used("acme", "deal-1", "ada")->contact.documents == 2);
}

TEST_CASE_METHOD(ChangesFixture, "staff take back their own, and nobody else's", "[service]") {
  const Document own = TakeByStaff().value();
  const Document clients = TakeBy(ada).value();
  pb::DeleteDocumentRequest request;
  request.set_case_id("deal-1");
  request.set_document_id(clients.document_id);
  CHECK(ReasonOf(handler.DeleteDocument(StaffCall(), request).status()) == "DOCUMENT_FINAL");
  request.set_document_id(own.document_id);
  CHECK(ReasonOf(handler.DeleteDocument(StaffCall("other"), request).status()) == "NOT_FOUND");
  Call other = StaffCall();
  other.caller.actor_id = "key_2";
  CHECK(ReasonOf(handler.DeleteDocument(other, request).status()) == "DOCUMENT_FINAL");
  CHECK(ReasonOf(handler.DeletePortalDocument(ClientCall(ada), request).status()) == "NOT_FOUND");
  CHECK(handler.DeleteDocument(StaffCall(), request).ok());
}

TEST_CASE_METHOD(ChangesFixture, "staff put documents into folders and label them", "[service]") {
  const Document contract = TakeByStaff().value();
  const Document payslip = TakeBy(ada).value();
  CHECK(ListFor(nullptr, "Documents").size() == 1);
  CHECK(ListFor(nullptr, "Client-Documents").size() == 1);
  REQUIRE(changes.Update(NameOf(payslip), "Income", "Checked").ok());
  REQUIRE(changes.Update(NameOf(payslip), std::nullopt, std::nullopt).ok());
  const auto checked = ListFor(nullptr, "Checked");
  REQUIRE(checked.size() == 1);
  CHECK(checked[0].label == "Income");
  CHECK(ListFor(nullptr, "Client-Documents").empty());
  // Whose it is, a folder does not change.
  CHECK(ListFor(&ada).size() == 1);
  CHECK(ListFor(&bob).empty());
  REQUIRE(changes.Update(NameOf(payslip), std::nullopt, "").ok());
  CHECK(ListFor(nullptr, "Client-Documents").size() == 1);
  CHECK(ReasonOf(changes.Update({"acme", "deal-2", contract.document_id}, "x", "y").status()) ==
        "NOT_FOUND");
}

TEST_CASE_METHOD(ChangesFixture, "what is shared is seen, by whom it is for, and told once",
                 "[service]") {
  // Tomorrow at noon in Sydney.
  const absl::TimeZone& zone = organisations.profile.time_zone;
  const absl::CivilDay tomorrow = absl::ToCivilDay(absl::Now(), zone) + 1;
  clock.now = absl::FromCivil(absl::CivilHour(tomorrow) + 12, zone);
  readers.readers = {{ada, absl::InfinitePast()}, {bob, absl::InfinitePast()}};
  const Document offer = TakeByStaff().value(), plan = TakeByStaff().value();
  CHECK(ListFor(&ada).empty());
  CHECK(ReasonOf(changes.Share(NameOf(offer), "eve").status()) == "NOT_FOUND");
  REQUIRE(changes.Share(NameOf(offer), "ada").ok());
  REQUIRE(changes.Share(NameOf(plan), "").ok());
  CHECK(ListFor(&ada).size() == 2);
  CHECK(ListFor(&bob).size() == 1);

  CHECK(Jobs("document_request.look") == 1);
  const auto look = [&](absl::Duration later) {
    clock.now += later;
    REQUIRE(reminding.Look("acme", "deal-1").ok());
  };
  look(kGather);
  CHECK(Jobs("TellContact") == 2);
  // Shared with somebody else, it is told nobody again.
  REQUIRE(changes.Share(NameOf(offer), "bob").ok());
  look(absl::Hours(1));
  CHECK(Jobs("TellContact") == 2);
  CHECK(ListFor(&ada).size() == 1);

  REQUIRE(changes.Unshare(NameOf(offer)).ok());
  REQUIRE(changes.Unshare(NameOf(plan)).ok());
  CHECK(ListFor(&ada).empty());
  CHECK(ListFor(&bob).empty());
}

}  // namespace
}  // namespace gatehouse::documents
