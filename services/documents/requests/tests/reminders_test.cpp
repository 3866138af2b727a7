#include "services/documents/requests/domain/reminders.h"

#include "services/documents/requests/reminder_job.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

absl::TimeZone Sydney() {
  absl::TimeZone zone;
  REQUIRE(absl::LoadTimeZone("Australia/Sydney", &zone));
  return zone;
}

absl::Time At(int year, int month, int day, int hour, int minute = 0) {
  return absl::FromCivil(absl::CivilSecond(year, month, day, hour, minute, 0), Sydney());
}

const ReminderRules kRules = {{7, 3, 1}, 3, 2};

TEST_CASE("a client is reminded some days before, and then of what is overdue", "[unit]") {
  const DocumentRequest request = {.due_date = "2027-06-20", .create_time = At(2027, 6, 1, 12)};
  std::vector<absl::Time> times;
  absl::Time time = absl::InfinitePast();
  while ((time = NextReminder(request, kRules, Sydney(), time)) != absl::InfiniteFuture()) {
    times.push_back(time);
  }
  CHECK(times == std::vector<absl::Time>{At(2027, 6, 13, 9), At(2027, 6, 17, 9), At(2027, 6, 19, 9),
                                         At(2027, 6, 21, 9), At(2027, 6, 24, 9)});
  SECTION("not of what lay before it was asked for") {
    DocumentRequest late = request;
    late.create_time = At(2027, 6, 17, 9);
    CHECK(NextReminder(late, kRules, Sydney(), absl::InfinitePast()) == At(2027, 6, 19, 9));
  }
  SECTION("not at all where there is no date, or the rules say so") {
    CHECK(NextReminder({.title = "x"}, kRules, Sydney(), absl::InfinitePast()) ==
          absl::InfiniteFuture());
    CHECK(NextReminder(request, {}, Sydney(), absl::InfinitePast()) == absl::InfiniteFuture());
  }
  SECTION("at nine whatever the clocks do: they go forward on the third of October") {
    const DocumentRequest summer = {.due_date = "2027-10-04", .create_time = At(2027, 9, 30, 0)};
    const absl::Time before = NextReminder(summer, kRules, Sydney(), At(2027, 10, 1, 10));
    CHECK(before == At(2027, 10, 3, 9));
    CHECK(absl::ToCivilHour(before, Sydney()).hour() == 9);
  }
}

TEST_CASE("nobody is woken", "[unit]") {
  CHECK(ByDay(At(2027, 6, 1, 8), Sydney()) == At(2027, 6, 1, 8));
  CHECK(ByDay(At(2027, 6, 1, 19, 59), Sydney()) == At(2027, 6, 1, 19, 59));
  CHECK(ByDay(At(2027, 6, 1, 20), Sydney()) == At(2027, 6, 2, 9));
  CHECK(ByDay(At(2027, 6, 1, 0), Sydney()) == At(2027, 6, 1, 9));
  CHECK(ByDay(At(2027, 6, 1, 7, 59), Sydney()) == At(2027, 6, 1, 9));
  CHECK(ByDay(absl::InfiniteFuture(), Sydney()) == absl::InfiniteFuture());
}

Reader Entered(const std::string& contact_id, absl::Time since) {
  return {{.case_id = "deal-1", .contact_id = contact_id, .visibility = Visibility::kOwn}, since};
}

struct Plan {
  MirroredCase mirrored = {
      "12 High Street",
      {{"ada", "Ada", "ada@example.com"}, {"bob", "Bob", "bob@example.com"}, {"eve", "Eve", ""}}};
  std::vector<Reader> readers = {Entered("ada", documents::At(2027, 5, 1, 9)),
                                 Entered("bob", documents::At(2027, 5, 1, 9)),
                                 Entered("eve", documents::At(2027, 5, 1, 9))};
  std::vector<DocumentRequest> open;
  absl::Time last = absl::InfinitePast();

  DocumentRequest& Ask(const std::string& title, const std::string& contact_id,
                       const std::string& due_date, absl::Time time) {
    open.push_back({.document_request_id = title,
                    .case_id = "deal-1",
                    .title = title,
                    .contact_id = contact_id,
                    .due_date = due_date,
                    .create_time = time});
    return open.back();
  }
  // Who is reminded, each with the titles.
  std::map<std::string, std::string> At(absl::Time now) {
    const ReminderPlan plan = PlanReminders({open, last}, mirrored, readers, kRules, Sydney(), now);
    next = plan.next;
    std::map<std::string, std::string> reminded;
    for (const Reminder& reminder : plan.reminders) {
      std::string& titles = reminded[reminder.contact.contact_id];
      for (const DocumentRequest& request : reminder.requests) titles += request.title + ";";
    }
    return reminded;
  }
  absl::Time next;
};
using Reminded = std::map<std::string, std::string>;

TEST_CASE_METHOD(Plan, "all that is open for a client is in one reminder", "[unit]") {
  const absl::Time asked = documents::At(2027, 6, 1, 12);
  Ask("passport", "ada", "2027-06-20", asked);
  Ask("payslip", "ada", "", asked);
  Ask("contract", "", "2027-06-27", asked);
  Ask("licence", "bob", "", asked);
  Ask("other", "eve", "2027-06-20", asked);
  last = documents::At(2027, 6, 2, 12);
  CHECK(At(documents::At(2027, 6, 13, 8, 59)).empty());
  CHECK(next == documents::At(2027, 6, 13, 9));
  // Bob has nothing that is due, and Eve no address.
  CHECK(At(documents::At(2027, 6, 13, 9)) == Reminded{{"ada", "passport;payslip;contract;"}});
  CHECK(next == documents::At(2027, 6, 17, 9));
  last = documents::At(2027, 6, 19, 9);
  CHECK(At(documents::At(2027, 6, 20, 9)) ==
        Reminded{{"ada", "passport;payslip;contract;"}, {"bob", "contract;licence;"}});
}

TEST_CASE_METHOD(Plan, "what was asked for after a client entered is told, what came before not",
                 "[unit]") {
  Ask("early", "ada", "", documents::At(2027, 4, 1, 12));
  CHECK(At(documents::At(2027, 5, 2, 9)).empty());
  last = documents::At(2027, 5, 2, 9);
  Ask("late", "ada", "", documents::At(2027, 5, 3, 12));
  CHECK(At(documents::At(2027, 5, 3, 12, 10)) == Reminded{{"ada", "early;late;"}});
  // Once.
  last = documents::At(2027, 5, 3, 12, 10);
  CHECK(At(documents::At(2027, 5, 4, 12)).empty());
  CHECK(next == absl::InfiniteFuture());
}

TEST_CASE_METHOD(Plan, "what is sent back is told with its reason", "[unit]") {
  DocumentRequest& request = Ask("passport", "ada", "", documents::At(2027, 4, 1, 12));
  request.state = RequestState::kReturned;
  request.return_reason = "it has expired";
  request.review_time = documents::At(2027, 5, 3, 12);
  last = documents::At(2027, 5, 2, 9);
  CHECK(At(documents::At(2027, 5, 3, 12, 10)) == Reminded{{"ada", "passport;"}});
  CHECK(LinesOf(open, 900) == "- passport: it has expired\n");
}

TEST_CASE_METHOD(Plan, "nobody reads of what its invitation did not choose", "[unit]") {
  Ask("shown", "ada", "2027-06-20", documents::At(2027, 6, 1, 12));
  Ask("hidden", "ada", "2027-06-20", documents::At(2027, 6, 1, 12));
  readers[0].access.chose_requests = true;
  readers[0].access.document_request_ids = {"shown"};
  last = documents::At(2027, 6, 2, 12);
  CHECK(At(documents::At(2027, 6, 13, 9)) == Reminded{{"ada", "shown;"}});
  // Who has left the case, or its access, is told nothing.
  mirrored.contacts.erase(mirrored.contacts.begin());
  CHECK(At(documents::At(2027, 6, 13, 9)).empty());
  readers.clear();
  CHECK(At(documents::At(2027, 6, 13, 9)).empty());
}

TEST_CASE("a message has as many lines as it has room for", "[unit]") {
  std::vector<DocumentRequest> many;
  for (int i = 0; i < 100; ++i) {
    many.push_back({.title = std::string(50, 'x'), .due_date = "2027-06-20"});
  }
  const std::string lines = LinesOf(many, 300);
  CHECK(lines.size() <= 300);
  CHECK(lines.find("- and 96 more\n") != std::string::npos);
  CHECK(LinesOf(std::vector<std::string>(), 300).empty());
}

struct ReminderFixture : Fixture {
  ReminderFixture() {
    clock.now = Day(0, 12);
    readers.readers = {Entered("ada", absl::InfinitePast())};
  }
  // So many days after tomorrow, at this hour in Sydney: what the database dates now lies before.
  absl::Time Day(int days, int hour) const {
    return absl::FromCivil(absl::CivilHour(first + days) + hour, Sydney());
  }
  std::string Date(int days) const { return absl::FormatCivilTime(first + days); }
  std::string Ask(const std::string& due_date, const std::string& contact_id = "ada") {
    const auto asked = requests.Create({.organisation_id = "acme",
                                        .case_id = "deal-1",
                                        .title = "Payslips",
                                        .contact_id = contact_id,
                                        .due_date = due_date});
    REQUIRE(asked.ok());
    return asked->document_request_id;
  }
  int Jobs(const std::string& kind) {
    return database.Exec("SELECT count(*) FROM job WHERE kind LIKE '%" + kind + "'")[0][0]
        .as<int>();
  }
  int Mails() { return Jobs("TellContact"); }
  absl::Status LookAt(absl::Time time) {
    clock.now = time;
    Job job;
    job.organisation_id = "acme";
    job.payload = "deal-1";
    absl::Status outcome = absl::UnknownError("not called");
    ReminderWork(reminding)(job, [&](absl::Status status) { outcome = std::move(status); });
    return outcome;
  }
  const absl::CivilDay first = absl::ToCivilDay(absl::Now(), Sydney()) + 1;
  absl::Time Next() { return reminders.Find("acme", "deal-1").value()->next; }
};

TEST_CASE_METHOD(ReminderFixture, "reminders go out in their time, once each", "[service]") {
  Ask(Date(10));
  Ask(Date(10));
  // Both are gathered; a job waits for that.
  CHECK(Next() - Day(0, 12) == kGather);
  CHECK(Jobs("document_request.look") == 1);
  REQUIRE(LookAt(Day(0, 13)).ok());
  CHECK(Mails() == 1);
  CHECK(Next() == Day(3, 9));
  REQUIRE(LookAt(Day(0, 13)).ok());
  CHECK(Mails() == 1);
  REQUIRE(LookAt(Day(3, 9)).ok());
  CHECK(Mails() == 2);
  CHECK(Next() == Day(7, 9));
  // A job that is done again sends nothing again.
  REQUIRE(LookAt(Day(3, 9)).ok());
  CHECK(Mails() == 2);
}

TEST_CASE_METHOD(ReminderFixture, "what was handed in is reminded of no more", "[service]") {
  const std::string id = Ask(Date(10));
  REQUIRE(LookAt(Day(0, 13)).ok());
  const int told = Mails();
  REQUIRE(TakeBy(ada, kPdf, id).ok());
  REQUIRE(LookAt(Day(3, 9)).ok());
  CHECK(Mails() == told);
  CHECK(Next() == absl::InfiniteFuture());
  SECTION("until it is sent back") {
    clock.now = Day(4, 12);
    REQUIRE(requests.Return({"acme", "deal-1", id}, "blurred").ok());
    REQUIRE(LookAt(Day(4, 13)).ok());
    CHECK(Mails() == told + 1);
    CHECK(Next() == Day(7, 9));
  }
}

TEST_CASE_METHOD(ReminderFixture, "a look that comes at night waits for the morning", "[service]") {
  Ask(Date(10));
  REQUIRE(LookAt(Day(2, 2)).ok());
  CHECK(Mails() == 0);
  CHECK(Next() == Day(2, 9));
  REQUIRE(LookAt(Day(2, 9)).ok());
  CHECK(Mails() == 1);
}

TEST_CASE_METHOD(ReminderFixture, "what is asked while somebody looks is not missed", "[service]") {
  Ask(Date(10));
  const auto look = reminders.Find("acme", "deal-1").value();
  Ask("");
  CHECK(absl::IsAborted(
      reminders.Looked("acme", "deal-1", *look, {{"documents-wanted", "ada", {}}})));
  CHECK(Mails() == 0);
  CHECK(Next() - Day(0, 12) == kGather);
}

TEST_CASE_METHOD(ReminderFixture, "a case that is gone is looked at no more", "[service]") {
  Ask(Date(10));
  cases.mirrored.contacts.clear();
  REQUIRE(LookAt(Day(0, 13)).ok());
  CHECK(Mails() == 0);
  CHECK(LookAt(Day(0, 13)).ok());
}

TEST_CASE_METHOD(ReminderFixture, "whoever's clock is a little behind comes again", "[service]") {
  Ask(Date(10));
  CHECK(absl::IsAborted(LookAt(Next() - absl::Seconds(5))));
  CHECK(LookAt(Next() - absl::Minutes(5)).ok());
  CHECK(Mails() == 0);
}

}  // namespace
}  // namespace gatehouse::documents
