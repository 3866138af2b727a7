#include "absl/strings/match.h"
#include "services/cases/pipelines/tests/fixture.h"
#include "services/cases/visits/domain/visit_time.h"
#include "services/cases/visits/handler.h"
#include "services/cases/visits/reminding.h"
#include "services/common/base/proto_time.h"

// Visits from the first proposal to the last reminder.

namespace gatehouse::cases {
namespace {

struct VisitsFixture : PipelinesFixture {
  struct Hands : Clock {
    absl::Time now = absl::Now();
    absl::Time Now() const override { return now; }
  };
  Hands clock;
  VisitStore visit_store{database.postgres(), outbox, case_file};
  VisitsHandler visits{{visit_store, store, places, gate, once, clock}};
  VisitReminding reminding{{database.postgres(), outbox, visit_store, store, settings, clock}};

  VisitsFixture() { REQUIRE(Put("deal", "Smith").ok()); }

  static Call As(const std::string& contact_id, Visibility visibility = Visibility::kOwn,
                 const std::string& case_id = "deal") {
    return ClientCall({case_id, contact_id, "inv_1", visibility});
  }
  // Nine o'clock in Sydney on a day so many days from now.
  static v1::VisitTime InDays(int days) {
    v1::VisitTime time;
    time.set_local_time(absl::FormatTime("%Y-%m-%dT09:00", absl::Now() + absl::Hours(24 * days),
                                         absl::UTCTimeZone()));
    time.set_time_zone("Australia/Sydney");
    time.set_duration_minutes(90);
    return time;
  }
  static v1::VisitPlan Plan(const std::vector<int>& days) {
    v1::VisitPlan plan;
    plan.set_title("Fitting the roof");
    plan.mutable_installer()->set_display_name("Ian Installer");
    plan.mutable_installer()->set_phone("02 9000 0000");
    for (const int day : days) *plan.add_times() = InDays(day);
    plan.add_reminder_minutes(1440);
    return plan;
  }
  absl::StatusOr<v1::Visit> Try(const v1::VisitPlan& plan, const std::string& contact_id = "",
                                const std::string& case_id = "deal") {
    v1::ArrangeVisitRequest request;
    request.set_case_id(case_id);
    request.set_contact_id(contact_id);
    *request.mutable_plan() = plan;
    return visits.ArrangeVisit(StaffCall(), request);
  }
  v1::Visit Arranged(const std::vector<int>& days, const std::string& contact_id = "") {
    const auto visit = Try(Plan(days), contact_id);
    REQUIRE(visit.ok());
    return *visit;
  }
  absl::StatusOr<v1::Visit> Choose(const Call& call, const v1::Visit& visit, int index) {
    v1::ChooseVisitTimeRequest request;
    request.set_case_id(call.caller.cases[0].case_id);
    request.set_visit_id(visit.visit_id());
    request.set_time_index(index);
    request.set_sequence(visit.sequence());
    return visits.ChooseVisitTime(call, request);
  }
  absl::StatusOr<v1::Visit> DeclineTimes(const Call& call, const v1::Visit& visit) {
    v1::DeclineVisitTimesRequest request;
    request.set_case_id("deal");
    request.set_visit_id(visit.visit_id());
    request.set_text("Only in the evening");
    request.set_sequence(visit.sequence());
    return visits.DeclineVisitTimes(call, request);
  }
  absl::StatusOr<v1::Visit> Replan(const v1::Visit& visit, const std::vector<int>& days) {
    v1::RescheduleVisitRequest request;
    request.set_case_id("deal");
    request.set_visit_id(visit.visit_id());
    request.set_sequence(visit.sequence());
    *request.mutable_plan() = Plan(days);
    return visits.RescheduleVisit(StaffCall(), request);
  }
  absl::StatusOr<v1::Visit> CallOff(const v1::Visit& visit) {
    v1::CancelVisitRequest request;
    request.set_case_id("deal");
    request.set_visit_id(visit.visit_id());
    request.set_reason("Storm");
    return visits.CancelVisit(StaffCall(), request);
  }
  absl::StatusOr<v1::Visit> Read(const Call& call, const v1::Visit& visit) {
    v1::GetVisitRequest request;
    request.set_case_id("deal");
    request.set_visit_id(visit.visit_id());
    return visits.GetPortalVisit(call, request);
  }
  absl::StatusOr<v1::DownloadVisitResponse> Download(const Call& call, const v1::Visit& visit) {
    v1::DownloadVisitRequest request;
    request.set_case_id("deal");
    request.set_visit_id(visit.visit_id());
    return visits.DownloadVisit(call, request);
  }
  int CountSeen(const Call& call) {
    v1::ListVisitsRequest request;
    request.set_case_id("deal");
    return visits.ListPortalVisits(call, request)->visits_size();
  }
  // Ada and Bob have entered the portal, and can be written to.
  void Enter() {
    pb::PutCaseRequest request = Mirror("deal", "Smith");
    for (auto& contact : *request.mutable_contacts()) {
      contact.set_email(contact.contact_id() + "@example.com");
    }
    REQUIRE(handler.PutCase(StaffCall(), request).ok());
    for (const char* id : {"ada", "bob"}) {
      PortalChange change;
      change.case_id = "deal";
      change.contact_id = id;
      change.portal = Portal::kActive;
      change.version = 1;
      REQUIRE(store.SetPortal("acme", change).ok());
    }
  }
  static std::string Reminder(const v1::Visit& visit) {
    return VisitReminder{"deal", visit.visit_id(), visit.sequence(), 1440}.ToText();
  }
  int Reminders() {
    return database.Exec("SELECT count(*) FROM job WHERE kind = 'visit.remind'")[0][0].as<int>();
  }
};

TEST_CASE_METHOD(VisitsFixture, "[EZ-18] a client sees when the installer comes, and who",
                 "[service]") {
  const v1::Visit visit = Arranged({3});
  CHECK(visit.state() == v1::Visit::CONFIRMED);
  const auto seen = Read(As("ada"), visit);
  REQUIRE(seen.ok());
  CHECK(seen->agreed_time().local_time() == InDays(3).local_time());
  CHECK(seen->agreed_time().start_time().seconds() > 0);
  CHECK(seen->plan().installer().display_name() == "Ian Installer");
  CHECK(seen->plan().installer().phone() == "02 9000 0000");
  CHECK(CountSeen(As("bob")) == 1);
  CHECK(Reminders() == 1);
  CHECK(Told("PublishEvent") == 1);
}

TEST_CASE_METHOD(VisitsFixture, "a client chooses one of the times, and may say so twice",
                 "[service]") {
  const v1::Visit visit = Arranged({3, 4});
  CHECK(visit.state() == v1::Visit::PROPOSED);
  CHECK_FALSE(visit.has_agreed_time());
  CHECK(Reminders() == 0);
  const auto chosen = Choose(As("ada"), visit, 1);
  REQUIRE(chosen.ok());
  CHECK(chosen->state() == v1::Visit::CONFIRMED);
  CHECK(chosen->agreed_time().local_time() == InDays(4).local_time());
  CHECK(chosen->answer().contact_id() == "ada");
  CHECK(Choose(As("ada"), visit, 1)->sequence() == chosen->sequence());
  CHECK(ReasonOf(Choose(As("bob"), visit, 0).status()) == "VISIT_CHANGED");
  CHECK(Reminders() == 1);
  CHECK(Told("PublishEvent") == 2);
}

TEST_CASE_METHOD(VisitsFixture, "a time that there is not, or is past, is not chosen",
                 "[service]") {
  const v1::Visit visit = Arranged({3, 4});
  CHECK(ReasonOf(Choose(As("ada"), visit, 2).status()) == "INVALID_REQUEST");
  clock.now = StartOf(visit.plan().times(0));
  CHECK(ReasonOf(Choose(As("ada"), visit, 0).status()) == "VISIT_TIME_PAST");
  CHECK(Choose(As("ada"), visit, 1).ok());
}

TEST_CASE_METHOD(VisitsFixture, "where no time suits, staff propose others", "[service]") {
  const v1::Visit visit = Arranged({3, 4});
  const auto declined = DeclineTimes(As("ada"), visit);
  REQUIRE(declined.ok());
  CHECK(declined->state() == v1::Visit::DECLINED);
  CHECK(declined->answer().text() == "Only in the evening");
  CHECK(DeclineTimes(As("ada"), visit).ok());
  CHECK_FALSE(Read(As("bob"), visit)->has_answer());
  CHECK(Read(As("bob", Visibility::kAll), visit)->has_answer());
  CHECK(ReasonOf(Replan(visit, {5}).status()) == "VISIT_CHANGED");
  const auto replanned = Replan(*declined, {5, 6});
  CHECK(replanned->state() == v1::Visit::PROPOSED);
  CHECK_FALSE(replanned->has_answer());
  CHECK(Choose(As("ada"), *replanned, 0)->state() == v1::Visit::CONFIRMED);
}

TEST_CASE_METHOD(VisitsFixture, "what staff plan anew and a client chooses cross: one holds",
                 "[service]") {
  const v1::Visit visit = Arranged({3, 4});
  REQUIRE(Choose(As("ada"), visit, 0).ok());
  CHECK(ReasonOf(Replan(visit, {5}).status()) == "VISIT_CHANGED");
  const auto moved = Replan(*Read(As("ada"), visit), {5});
  REQUIRE(moved.ok());
  CHECK(moved->agreed_time().local_time() == InDays(5).local_time());
  CHECK(ReasonOf(Choose(As("ada"), visit, 1).status()) == "VISIT_CHANGED");
}

TEST_CASE_METHOD(VisitsFixture, "a cancelled visit stays so, with the reason", "[service]") {
  const v1::Visit visit = Arranged({3, 4});
  CHECK(CallOff(visit)->state() == v1::Visit::CANCELLED);
  CHECK(CallOff(visit)->sequence() == visit.sequence() + 1);
  const auto seen = Read(As("ada"), visit);
  CHECK(seen->cancel_reason() == "Storm");
  CHECK(ReasonOf(Choose(As("ada"), *seen, 0).status()) == "VISIT_CANCELLED");
  CHECK(ReasonOf(DeclineTimes(As("ada"), *seen).status()) == "VISIT_CANCELLED");
  CHECK(ReasonOf(Replan(*seen, {5}).status()) == "VISIT_CANCELLED");
  CHECK(Told("PublishEvent") == 2);
}

TEST_CASE_METHOD(VisitsFixture, "a plan that cannot be is refused before anything is kept",
                 "[service]") {
  CHECK(ReasonOf(Try(Plan({-3})).status()) == "INVALID_REQUEST");
  CHECK(ReasonOf(Try(Plan({3}), "nobody").status()) == "NOT_FOUND");
  CHECK(ReasonOf(Try(Plan({3}), "", "none").status()) == "NOT_FOUND");
  const v1::Visit visit = Arranged({3});
  CHECK(ReasonOf(Replan(visit, {-3}).status()) == "INVALID_REQUEST");
  CHECK(CountSeen(As("ada")) == 1);
}

TEST_CASE_METHOD(VisitsFixture, "a visit to one contact is for that contact", "[service]") {
  const v1::Visit visit = Arranged({3, 4}, "bob");
  CHECK(CountSeen(As("ada")) == 0);
  CHECK(ReasonOf(Read(As("ada"), visit).status()) == "NOT_FOUND");
  CHECK(ReasonOf(Download(As("ada"), visit).status()) == "NOT_FOUND");
  CHECK(ReasonOf(Choose(As("ada"), visit, 0).status()) == "NOT_FOUND");
  CHECK(Read(As("ada", Visibility::kAll), visit).ok());
  CHECK(ReasonOf(Choose(As("ada", Visibility::kAll), visit, 0).status()) == "NOT_FOUND");
  CHECK(Choose(As("bob"), visit, 0).ok());
}

TEST_CASE_METHOD(VisitsFixture, "the file for a calendar follows the visit", "[service]") {
  const v1::Visit visit = Arranged({3, 4});
  CHECK(ReasonOf(Download(As("ada"), visit).status()) == "VISIT_TIME_OPEN");
  REQUIRE(Choose(As("ada"), visit, 0).ok());
  const auto file = Download(As("ada"), visit);
  REQUIRE(file.ok());
  CHECK(file->content_type() == "text/calendar; charset=utf-8; method=PUBLISH");
  CHECK(absl::StrContains(file->data(), "UID:" + visit.visit_id() + "@gatehouse\r\n"));
  CHECK(absl::StrContains(file->data(), "SEQUENCE:1\r\n"));
  REQUIRE(CallOff(visit).ok());
  const auto gone = Download(As("ada"), visit);
  CHECK(absl::StrContains(gone->data(), "METHOD:CANCEL\r\n"));
  CHECK(absl::StrContains(gone->data(), "SEQUENCE:2\r\n"));
}

TEST_CASE_METHOD(VisitsFixture, "the file for a mail is the one that clients download",
                 "[service]") {
  const v1::Visit visit = Arranged({3, 4}, "bob");
  v1::LookUpVisitCalendarRequest request;
  request.set_case_id("deal");
  request.set_visit_id(visit.visit_id());
  const auto look_up = [&] { return visits.LookUpVisitCalendar(ServiceCall(), request); };
  CHECK(look_up()->data().empty());
  REQUIRE(Choose(As("bob"), visit, 0).ok());
  const auto file = look_up();
  const auto downloaded = Download(As("bob"), visit);
  REQUIRE(file.ok());
  CHECK(file->data() == downloaded->data());
  CHECK(file->content_type() == downloaded->content_type());
  CHECK(ReasonOf(visits.LookUpVisitCalendar(ServiceCall("other"), request).status()) ==
        "NOT_FOUND");
  request.set_visit_id("vis_unknown");
  CHECK(ReasonOf(look_up().status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(VisitsFixture, "a time that is agreed on moves the case where it waits for it",
                 "[service]") {
  v1::PutPipelineRequest pipeline = Solar();
  pipeline.mutable_states(4)->mutable_moves(0)->set_external_action("visit-confirmed");
  REQUIRE(pipelines.PutPipeline(StaffCall(), pipeline).ok());
  REQUIRE(PutAt("home", "offer").ok());
  const auto visit = Try(Plan({3, 4}), "", "home");
  REQUIRE(Choose(As("ada", Visibility::kOwn, "home"), *visit, 0).ok());
  CHECK(Stands("home") == "done");
}

TEST_CASE_METHOD(VisitsFixture, "clients are reminded once each, by mail", "[service]") {
  const v1::Visit visit = Arranged({3});
  Enter();
  clock.now = StartOf(visit.agreed_time()) - absl::Hours(24);
  REQUIRE(reminding.Remind("acme", Reminder(visit)).ok());
  CHECK(Told("SubmitMessage") == 2);
}

TEST_CASE_METHOD(VisitsFixture, "nobody is reminded who has not entered, or is not concerned",
                 "[service]") {
  const v1::Visit to_all = Arranged({3});
  clock.now = StartOf(to_all.agreed_time()) - absl::Hours(24);
  REQUIRE(reminding.Remind("acme", Reminder(to_all)).ok());
  CHECK(Told("SubmitMessage") == 0);
  clock.now = absl::Now();
  Enter();
  const v1::Visit to_bob = Arranged({3}, "bob");
  clock.now = StartOf(to_bob.agreed_time()) - absl::Hours(24);
  REQUIRE(reminding.Remind("acme", Reminder(to_bob)).ok());
  CHECK(Told("SubmitMessage") == 1);
}

TEST_CASE_METHOD(VisitsFixture, "of what was changed, cancelled or is past nobody is reminded",
                 "[service]") {
  Enter();
  const v1::Visit visit = Arranged({3});
  const auto moved = Replan(visit, {4});
  REQUIRE(moved.ok());
  clock.now = StartOf(visit.agreed_time()) - absl::Hours(24);
  REQUIRE(reminding.Remind("acme", Reminder(visit)).ok());
  clock.now = StartOf(moved->agreed_time());
  REQUIRE(reminding.Remind("acme", Reminder(*moved)).ok());
  clock.now -= absl::Hours(24);
  REQUIRE(CallOff(*moved).ok());
  REQUIRE(reminding.Remind("acme", Reminder(*moved)).ok());
  REQUIRE(reminding.Remind("other", Reminder(visit)).ok());
  REQUIRE(reminding.Remind("acme", "what is this").ok());
  CHECK(Told("SubmitMessage") == 0);
}

TEST_CASE_METHOD(VisitsFixture, "a reminder that the rules of a zone moved comes by the new ones",
                 "[service]") {
  Enter();
  const v1::Visit visit = Arranged({3});
  clock.now = StartOf(visit.agreed_time()) - absl::Hours(25);
  CHECK(Reminders() == 1);
  REQUIRE(reminding.Remind("acme", Reminder(visit)).ok());
  CHECK(Told("SubmitMessage") == 0);
  CHECK(Reminders() == 2);
}

TEST_CASE_METHOD(VisitsFixture, "visits are bounded, are asked for once, and go with their case",
                 "[service]") {
  v1::ArrangeVisitRequest request;
  request.set_case_id("deal");
  request.set_request_id("once");
  *request.mutable_plan() = Plan({3});
  const auto first = visits.ArrangeVisit(StaffCall(), request);
  CHECK(visits.ArrangeVisit(StaffCall(), request)->visit_id() == first->visit_id());
  database.Exec(
      "INSERT INTO visit (organisation_id, case_id, visit_id, contact_id, state, plan, agreed)"
      " SELECT 'acme', 'deal', 'visit_' || n, '', 1, '', '' FROM generate_series(1, 99) AS n");
  CHECK(ReasonOf(Try(Plan({3})).status()) == "VISIT_LIMIT_REACHED");
  v1::ListVisitsRequest list;
  list.set_case_id("deal");
  CHECK(visits.ListVisits(StaffCall(), list)->visits_size() == 100);
  CHECK(ReasonOf(visits.ListVisits(StaffCall("other"), list).status()) == "NOT_FOUND");
  REQUIRE(Delete("deal").ok());
  CHECK(ReasonOf(visits.ListVisits(StaffCall(), list).status()) == "NOT_FOUND");
  CHECK(ReasonOf(Choose(As("ada"), *first, 0).status()) == "NOT_FOUND");
}

}  // namespace
}  // namespace gatehouse::cases
