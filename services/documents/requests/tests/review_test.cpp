#include "services/documents/requests/handler.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

TEST_CASE("what a request becomes when it is answered, accepted and returned", "[unit]") {
  const DocumentRequest asked = {.document_request_id = "drq_1"};
  CHECK(IsOpen(asked));

  const auto answered = Answered(asked);
  CHECK(answered->state == RequestState::kPendingReview);
  CHECK_FALSE(IsOpen(*answered));

  SECTION("an accepted one takes nothing more") {
    const DocumentRequest accepted = Accepted(*answered, kNow);
    CHECK(accepted.state == RequestState::kAccepted);
    CHECK(accepted.review_time == kNow);
    CHECK_FALSE(IsOpen(accepted));
    CHECK(ReasonOf(Answered(accepted).status()) == "DOCUMENT_REQUEST_ACCEPTED");
    CHECK(ReasonOf(Declined(accepted, "none").status()) == "DOCUMENT_REQUEST_ACCEPTED");
    // A repeat is harmless, and another time of it is no news.
    CHECK(Accepted(accepted, kNow + absl::Hours(1)).review_time == kNow);
  }
  SECTION("a returned one says why, until it is answered again") {
    const auto returned = Returned(*answered, "page two is missing", kNow);
    CHECK(returned->state == RequestState::kReturned);
    CHECK(returned->return_reason == "page two is missing");
    CHECK(IsOpen(*returned));
    CHECK(Returned(*returned, "page two is missing", kNow + absl::Hours(1))->review_time == kNow);
    CHECK(Returned(*returned, "too dark", kNow + absl::Hours(1))->return_reason == "too dark");
    CHECK(Answered(*returned)->return_reason.empty());
    CHECK(Answered(*returned)->state == RequestState::kPendingReview);
    CHECK(Accepted(*returned, kNow).return_reason.empty());
  }
  SECTION("staff may change their mind about an accepted one") {
    CHECK(Returned(Accepted(*answered, kNow), "it has expired", kNow)->state ==
          RequestState::kReturned);
  }
  SECTION("what nobody has answered cannot be returned, but waived") {
    CHECK(ReasonOf(Returned(asked, "no", kNow).status()) == "DOCUMENT_REQUEST_NOT_ANSWERED");
    CHECK(Accepted(asked, kNow).state == RequestState::kAccepted);
  }
  SECTION("a client may say that it has none, with a reason, until it hands something in") {
    const auto declined = Declined(asked, "I am self-employed");
    CHECK(declined->state == RequestState::kPendingReview);
    CHECK(declined->unavailable_reason == "I am self-employed");
    CHECK(Returned(*declined, "send your tax return", kNow)->unavailable_reason ==
          "I am self-employed");
    CHECK(Answered(*declined)->unavailable_reason.empty());
  }
}

TEST_CASE("a due date is a day of the calendar, today at the earliest", "[unit]") {
  const absl::CivilDay today(2027, 2, 28);
  CHECK(CheckDueDate("", today).ok());
  CHECK(CheckDueDate("2027-02-28", today).ok());
  CHECK(CheckDueDate("2028-02-29", today).ok());
  for (const char* wrong : {"2027-02-27", "2027-02-29", "2027-13-01", "soon", "2027-03-01T00"}) {
    INFO(wrong);
    CHECK(ReasonOf(CheckDueDate(wrong, today)) == "INVALID_REQUEST");
  }
}

struct ReviewFixture : Fixture {
  RequestName Ask(const std::string& contact_id = "", const std::string& due_date = "") {
    const auto asked = requests.Create({.organisation_id = "acme",
                                        .case_id = "deal-1",
                                        .title = "Payslips",
                                        .label = "Payslip",
                                        .contact_id = contact_id,
                                        .due_date = due_date});
    REQUIRE(asked.ok());
    return {"acme", "deal-1", asked->document_request_id};
  }
  DocumentRequest Get(const RequestName& name) {
    return request_store.Get("acme", "deal-1", nullptr, name.document_request_id).value();
  }
  absl::Status HandIn(const RequestName& name, const std::string& bytes = kPdf) {
    return TakeBy(ada, bytes, name.document_request_id).status();
  }
  int Jobs(const std::string& kind) {
    return database.Exec("SELECT count(*) FROM job WHERE kind LIKE '%" + kind + "'")[0][0]
        .as<int>();
  }
};

TEST_CASE_METHOD(ReviewFixture, "several files answer a request, and wait for one review",
                 "[service]") {
  const RequestName name = Ask("ada");
  REQUIRE(HandIn(name).ok());
  REQUIRE(HandIn(name, kPdf + "2").ok());
  const auto listed = requests.List("acme", "deal-1", nullptr, {}).value();
  CHECK(listed[0].request.state == RequestState::kPendingReview);
  CHECK(listed[0].documents.size() == 2);

  const auto returned = requests.Return(name, "both are blurred");
  CHECK(returned->request.state == RequestState::kReturned);
  CHECK(returned->documents.size() == 2);
  REQUIRE(HandIn(name, kPdf + "3").ok());
  CHECK(Get(name).state == RequestState::kPendingReview);
  CHECK(Get(name).return_reason.empty());
  CHECK(requests.Accept(name)->request.state == RequestState::kAccepted);
  CHECK(requests.Accept(name).ok());
  CHECK(ReasonOf(HandIn(name)) == "DOCUMENT_REQUEST_ACCEPTED");
  // What was refused left nothing.
  CHECK(Files() == 3);
  CHECK(documents.Used("acme", "deal-1", "ada")->contact.documents == 3);
  // Three documents were told of, and two reviews: the repeat is none.
  CHECK(Jobs("PublishEvent") == 5);
}

TEST_CASE_METHOD(ReviewFixture, "a request that ends while an answer comes in takes it no more",
                 "[service]") {
  const RequestName name = Ask("ada");
  auto upload = uploads.BeginByClient(By(ada, name.document_request_id), ada, {});
  REQUIRE(upload.ok());
  REQUIRE((*upload)->Append(kPdf).ok());
  const auto finish = [&] {
    const auto once = [](const std::string&, const auto& keep) -> absl::StatusOr<std::string> {
      ASSIGN_OR_RETURN(const Document kept, keep());
      return kept.document_id;
    };
    return ReasonOf((*upload)->Finish(once));
  };
  SECTION("since staff accepted it") {
    REQUIRE(requests.Accept(name).ok());
    CHECK(finish() == "DOCUMENT_REQUEST_ACCEPTED");
    CHECK(Get(name).state == RequestState::kAccepted);
  }
  SECTION("since staff took it back") {
    REQUIRE(requests.Remove(name).ok());
    CHECK(finish() == "NOT_FOUND");
  }
  CHECK(Files() == 0);
  CHECK(Count("documents.document") == 0);
  CHECK(Count("documents.loose_blob") == 0);
}

TEST_CASE_METHOD(ReviewFixture, "one that is returned meanwhile waits for review again",
                 "[service]") {
  const RequestName name = Ask("ada");
  REQUIRE(HandIn(name).ok());
  auto upload = uploads.BeginByClient(By(ada, name.document_request_id), ada, {});
  REQUIRE(requests.Return(name, "blurred").ok());
  CHECK(Take(std::move(upload), {kPdf}).ok());
  CHECK(Get(name).state == RequestState::kPendingReview);
}

TEST_CASE_METHOD(ReviewFixture, "a client says that it has no such document", "[service]") {
  const RequestName name = Ask("ada");
  CHECK(ReasonOf(requests.Decline(name, bob, "not mine").status()) == "NOT_FOUND");
  const auto declined = requests.Decline(name, ada, "I am self-employed");
  CHECK(declined->request.state == RequestState::kPendingReview);
  CHECK(Get(name).unavailable_reason == "I am self-employed");
  CHECK(Jobs("PublishEvent") == 1);
  REQUIRE(requests.Accept(name).ok());
  CHECK(ReasonOf(requests.Decline(name, ada, "again").status()) == "DOCUMENT_REQUEST_ACCEPTED");
}

TEST_CASE_METHOD(ReviewFixture, "what answered a request that is taken back stays", "[service]") {
  const RequestName name = Ask();
  REQUIRE(HandIn(name).ok());
  REQUIRE(requests.Remove(name).ok());
  CHECK(ReasonOf(requests.Remove(name)) == "NOT_FOUND");
  const auto left = documents.List("acme", "deal-1", nullptr, {}, {}).value();
  REQUIRE(left.size() == 1);
  CHECK(left[0].document_request_id.empty());
  CHECK(left[0].label == "Payslip");
  // Its place is free again.
  rules.rules.max_document_requests = 1;
  Ask();
}

TEST_CASE_METHOD(ReviewFixture, "nobody reaches a request of another case or organisation",
                 "[service]") {
  const RequestName name = Ask();
  REQUIRE(HandIn(name).ok());
  for (const RequestName& other : {RequestName{"other", "deal-1", name.document_request_id},
                                   RequestName{"acme", "deal-2", name.document_request_id},
                                   RequestName{"acme", "deal-1", "drq_none"}}) {
    CHECK(ReasonOf(requests.Accept(other).status()) == "NOT_FOUND");
    CHECK(ReasonOf(requests.Return(other, "x").status()) == "NOT_FOUND");
    CHECK(ReasonOf(requests.Remove(other)) == "NOT_FOUND");
  }
  CHECK(Get(name).state == RequestState::kPendingReview);
}

TEST_CASE_METHOD(ReviewFixture, "a request that a process of before keeps answers of is answered",
                 "[service]") {
  const RequestName name = Ask();
  REQUIRE(HandIn(name).ok());
  database.Exec("UPDATE documents.document_request SET state = 1");
  CHECK(Get(name).state == RequestState::kPendingReview);
  CHECK(request_store.ListOpen("acme", "deal-1", 10)->empty());
  CHECK(requests.Return(name, "blurred").ok());
}

TEST_CASE_METHOD(ReviewFixture, "a due date is judged by the organisation's day", "[service]") {
  // The first of March in Sydney, the last of February everywhere else.
  clock.now = absl::FromCivil(absl::CivilSecond(2027, 2, 28, 14, 0, 0), absl::UTCTimeZone());
  const auto ask = [&](const std::string& due) {
    return ReasonOf(
        requests
            .Create({.organisation_id = "acme", .case_id = "deal-1", .title = "x", .due_date = due})
            .status());
  };
  CHECK(ask("2027-02-28") == "INVALID_REQUEST");
  CHECK(ask("2027-03-01").empty());
}

TEST_CASE_METHOD(ReviewFixture, "who answers at once and who reviews never leave it half",
                 "[service]") {
  const RequestName name = Ask();
  std::vector<std::thread> threads;
  std::atomic<int> taken = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { taken += HandIn(name).ok(); });
    threads.emplace_back([&] { (void)requests.Return(name, "again"); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(taken == 4);
  CHECK(Files() == 4);
  CHECK(requests.Accept(name).ok());
  CHECK(ReasonOf(HandIn(name)) == "DOCUMENT_REQUEST_ACCEPTED");
}

}  // namespace
}  // namespace gatehouse::documents
