#include <map>

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/events.pb.h"
#include "services/cases/erasures/erasing.h"
#include "services/cases/erasures/handler.h"
#include "services/cases/tests/fixture.h"
#include "services/common/base/crypto.h"

namespace gatehouse::cases {
namespace {

// The other services: what they were asked, and whether they are there.
class FakeServices : public ErasureServices {
 public:
  absl::StatusOr<common::v1::Subject> LookUpInvited(const std::string&,
                                                    const std::string& contact_id) override {
    if (away == ErasureAct::kLookUp) return absl::UnavailableError("away");
    common::v1::Subject subject = invited;
    subject.set_contact_id(contact_id);
    return subject;
  }
  absl::StatusOr<common::v1::EraseContactResponse> Erase(
      ErasureAct act, const std::string&, const common::v1::EraseContactRequest& request) override {
    if (away == act) return absl::UnavailableError("away");
    asked.push_back(request);
    // As Once answers: the same request, the same answer.
    common::v1::EraseContactResponse& answer = answers[request.request_id()];
    if (answer.erased_size() == 0 && act == ErasureAct::kIdentity) {
      AddErased(common::v1::GRANT, 1, answer);
      AddKept(common::v1::AUDIT_EVENT, 2, common::v1::SECURITY_TRAIL, answer);
    }
    return answer;
  }
  common::v1::Subject invited;
  ErasureAct away = ErasureAct::kDone;
  std::vector<common::v1::EraseContactRequest> asked;
  std::map<std::string, common::v1::EraseContactResponse> answers;
};

struct Erasing : Fixture {
  const Secret key{RandomBytes(32)};
  Outbox told{database.postgres(), {.key = key, .services = {}}};
  ErasureStore erasures{database.postgres(), told,
                        SealedTraces({.job_keys = {key},
                                      .once_key = Secret(RandomBytes(32)),
                                      .spared_lanes = {kErasureLane}})};
  FakeServices services;
  ContactErasing erasing{erasures, services, absl::Seconds(60)};
  ErasuresHandler erasures_handler{erasures, once};

  Erasing() { PutBoth("deal-1"); }
  // Ada Lovelace and Bob Lovelace, who share a mailbox.
  void PutBoth(const std::string& case_id) {
    pb::PutCaseRequest request;
    request.set_case_id(case_id);
    request.set_display_name("Ada's house");
    for (const char* id : {"ada", "bob"}) {
      pb::Contact& contact = *request.add_contacts();
      contact.set_contact_id(id);
      contact.set_given_name(std::string(id) == "ada" ? "Ada" : "Bob");
      contact.set_family_name("Lovelace");
      contact.set_email("home@example.com");
      contact.set_mobile(std::string(id) == "ada" ? "0412 345 678" : "0499 999 999");
    }
    REQUIRE(handler.PutCase(StaffCall(), request).ok());
  }
  absl::StatusOr<v1::Erasure> Ask(const std::string& request_id = "",
                                  const std::string& contact_id = "ada") {
    v1::EraseContactRequest request;
    request.set_contact_id(contact_id);
    request.set_request_id(request_id);
    return erasures_handler.EraseContact(StaffCall(), request);
  }
  v1::Erasure Get(const std::string& erasure_id) {
    v1::GetErasureRequest request;
    request.set_erasure_id(erasure_id);
    return erasures_handler.GetErasure(StaffCall(), request).value();
  }
  // Does what waits, whenever it is due, once; how it ended.
  absl::Status Step() {
    const auto rows = database.Exec(
        "SELECT number, id, payload FROM job WHERE lane = 'erasures' ORDER BY number LIMIT 1");
    if (rows.empty()) return absl::NotFoundError("nothing waits");
    const auto payload = Open(key, rows[0]["id"].c_str(), BytesFromSql(rows[0]["payload"]));
    RETURN_IF_ERROR(payload.status());
    const absl::Status done = erasing.Do("acme", *payload);
    if (done.ok())
      database.Exec(absl::StrCat("DELETE FROM job WHERE number = ", rows[0]["number"].c_str()));
    return done;
  }
  void RunAll() {
    while (true) {
      const absl::Status step = Step();
      if (absl::IsNotFound(step)) return;
      INFO(step.ToString());
      REQUIRE(step.ok());
    }
  }
  int Count(const std::string& rows) {
    return database.Exec("SELECT count(*) FROM " + rows)[0][0].as<int>();
  }
  static int64_t CountOf(const v1::Erasure& erasure, common::v1::PersonalData kind) {
    for (const auto& erased : erasure.erased()) {
      if (erased.kind() == kind) return erased.count();
    }
    return 0;
  }
};

TEST_CASE_METHOD(Erasing, "who is to be erased leaves the case at once, and invitations hear",
                 "[service]") {
  const std::string etag = store.Get("acme", "deal-1")->etag;
  const auto begun = Ask();
  REQUIRE(begun.ok());
  CHECK(begun->state() == v1::Erasure::UNDER_WAY);
  CHECK(begun->waits_for() == "invitation");
  CHECK(CountOf(*begun, common::v1::CONTACT_RECORD) == 1);
  const auto left = store.Get("acme", "deal-1");
  REQUIRE(left->contacts.size() == 1);
  CHECK(left->contacts[0].contact_id == "bob");
  CHECK(left->etag != etag);
  CHECK(Told("FollowCase") == 1);
  CHECK(Told("RecordAuditEvent") == 1);
}

TEST_CASE_METHOD(Erasing, "an erasure goes through all services, and says what it took",
                 "[service]") {
  const auto begun = Ask();
  REQUIRE(begun.ok());
  RunAll();
  const v1::Erasure done = Get(begun->erasure_id());
  CHECK(done.state() == v1::Erasure::DONE);
  CHECK(done.has_end_time());
  CHECK(done.waits_for().empty());
  // Four services, twice.
  CHECK(services.asked.size() == 8);
  CHECK(CountOf(done, common::v1::GRANT) == 2);
  REQUIRE(done.kept_size() == 1);
  CHECK(done.kept(0).count() == 2);
  CHECK(done.kept(0).ground() == common::v1::SECURITY_TRAIL);
  // That of the case, which nobody has heard yet, and that of the erasure.
  CHECK(Told("PublishEvent") == 1);
}

TEST_CASE_METHOD(Erasing, "a step that is done again counts once, and one that fails is waited for",
                 "[service]") {
  const auto begun = Ask();
  services.away = ErasureAct::kIdentity;
  REQUIRE(Step().ok());
  REQUIRE(Step().ok());
  CHECK(absl::IsUnavailable(Step()));
  CHECK(Get(begun->erasure_id()).waits_for() == "identity");
  services.away = ErasureAct::kDone;
  const auto job = database.Exec("SELECT id, payload FROM job WHERE lane = 'erasures'");
  const auto payload = Open(key, job[0]["id"].c_str(), BytesFromSql(job[0]["payload"]));
  REQUIRE(payload.ok());
  CHECK(erasing.Do("acme", *payload).ok());
  CHECK(erasing.Do("acme", *payload).ok());
  CHECK(CountOf(Get(begun->erasure_id()), common::v1::GRANT) == 1);
  CHECK(Count("job WHERE lane = 'erasures'") == 2);
}

TEST_CASE_METHOD(Erasing, "twice is the same receipt; put again it is a new person", "[service]") {
  const auto first = Ask("r1");
  REQUIRE(first.ok());
  CHECK(Ask("r2")->erasure_id() == first->erasure_id());
  RunAll();
  const auto again = Ask("r3");
  CHECK(again->erasure_id() == first->erasure_id());
  CHECK(again->state() == v1::Erasure::DONE);
  CHECK(again->SerializeAsString() == Get(first->erasure_id()).SerializeAsString());
  PutBoth("deal-1");
  CHECK(store.Get("acme", "deal-1")->contacts[0].portal == Portal::kNotInvited);
  const auto second = Ask("r4");
  CHECK(second->erasure_id() != first->erasure_id());
  CHECK(second->state() == v1::Erasure::UNDER_WAY);
  v1::ListErasuresRequest list;
  const auto listed = erasures_handler.ListErasures(StaffCall(), list);
  REQUIRE(listed->erasures_size() == 2);
  CHECK(listed->erasures(0).erasure_id() == second->erasure_id());
  CHECK(erasures_handler.ListErasures(StaffCall("other"), list)->erasures_size() == 0);
  v1::GetErasureRequest get;
  get.set_erasure_id(first->erasure_id());
  CHECK(ReasonOf(erasures_handler.GetErasure(StaffCall("other"), get).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(Erasing, "what names the contact alone is erased; who shares a name stays",
                 "[service]") {
  const auto note = [&](const std::string& text) {
    REQUIRE(store.AddNote("acme", "deal-1", {.note_id = NewId("note"), .text = text}, "").ok());
  };
  note("Ada called.");
  note("Call 0412-345-678.");
  note("Mr Lovelace came.");
  note("home@example.com is both of theirs.");
  REQUIRE(Ask().ok());
  RunAll();
  CHECK(Count("note WHERE text LIKE 'Ada%' OR text LIKE 'Call%'") == 0);
  CHECK(Count("note") == 2);
  CHECK(store.Get("acme", "deal-1")->display_name == "[erased]'s house");
}

TEST_CASE_METHOD(Erasing, "what the contact said and did goes; contracts stay", "[service]") {
  for (const char* whose : {"ada", "bob"}) {
    database.Exec(absl::StrCat(
        "INSERT INTO incident (organisation_id, case_id, incident_id, type_id, contact_id) VALUES "
        "('acme', 'deal-1', 'inc_",
        whose, "', 't', '", whose,
        "');"
        "INSERT INTO incident_message (organisation_id, case_id, incident_id, number, text, "
        "contact_id, staff_name) VALUES ('acme', 'deal-1', 'inc_",
        whose, "', 1, 'Leaks', '", whose, "', ''), ('acme', 'deal-1', 'inc_", whose,
        "', 2, 'Ada Lovelace is right', '', 'Sam');"
        "INSERT INTO offer (organisation_id, case_id, offer_id, contact_id, content, "
        "content_sha256, valid_until_time, closes_others, state, decided_by) VALUES "
        "('acme', 'deal-1', 'won_",
        whose, "', '", whose, "', '{}', 'x', 'infinity', false, 2, '", whose,
        "'), ('acme', 'deal-1', 'lost_", whose, "', '", whose,
        "', '{}', 'x', 'infinity', "
        "false, 3, '",
        whose,
        "');"
        "INSERT INTO contact_change (organisation_id, case_id, contact_id, field, before, after, "
        "by_contact_id) VALUES ('acme', 'deal-1', '",
        whose, "', 1, 'Augusta', 'Ada', 'ada');"));
  }
  database.Exec(
      "INSERT INTO drawing (organisation_id, case_id, content, contact_id) VALUES "
      "('acme', 'deal-1', '', 'ada')");
  const auto begun = Ask();
  RunAll();
  for (const char* gone :
       {"incident WHERE contact_id = 'ada'", "incident_message WHERE text LIKE '%Ada%'",
        "offer WHERE offer_id = 'lost_ada'", "contact_change WHERE contact_id = 'ada'", "drawing",
        "contact WHERE contact_id = 'ada'"}) {
    INFO(gone);
    CHECK(Count(gone) == 0);
  }
  CHECK(Count("incident_message WHERE text = '[erased] is right'") == 1);
  CHECK(Count("offer") == 3);
  CHECK(Count("incident") == 1);
  const v1::Erasure done = Get(begun->erasure_id());
  CHECK(CountOf(done, common::v1::OFFER) == 1);
  REQUIRE(done.kept_size() == 2);
  CHECK(done.kept(1).kind() == common::v1::OFFER);
  CHECK(done.kept(1).ground() == common::v1::CONTRACT);
}

TEST_CASE_METHOD(Erasing, "what invitation knew it by is looked for too, and later puts are caught",
                 "[service]") {
  REQUIRE(store.AddNote("acme", "deal-2", {.note_id = "n", .text = "x"}, "").status().code() ==
          absl::StatusCode::kNotFound);
  services.invited.add_names("Augusta King");
  services.invited.add_emails("augusta@example.com");
  services.invited.add_emails("home@example.com");
  services.invited.add_case_ids("deal-0");
  REQUIRE(Ask().ok());
  REQUIRE(Step().ok());
  REQUIRE(Step().ok());
  const common::v1::Subject& subject = services.asked.at(0).subject();
  CHECK(subject.emails_size() == 1);
  CHECK(subject.emails(0) == "augusta@example.com");
  CHECK(subject.case_ids_size() == 2);
  PutBoth("deal-3");
  RunAll();
  CHECK(Count("contact WHERE contact_id = 'ada'") == 0);
  CHECK(Count("contact WHERE contact_id = 'bob'") == 2);
}

TEST_CASE_METHOD(Erasing, "a contact that nobody knows is erased all the same", "[service]") {
  const auto begun = Ask("", "stranger");
  REQUIRE(begun.ok());
  CHECK(begun->erased_size() == 0);
  RunAll();
  CHECK(Get(begun->erasure_id()).state() == v1::Erasure::DONE);
}

}  // namespace
}  // namespace gatehouse::cases
