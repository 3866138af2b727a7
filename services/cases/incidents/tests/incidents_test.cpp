#include "services/cases/incidents/handler.h"
#include "services/cases/tests/fixture.h"
#include "services/common/rpc/validate.h"

// What clients report, and what is said about it.

namespace gatehouse::cases {
namespace {

IncidentSettings Types() {
  IncidentSettings settings;
  v1::IncidentType& leak = *settings.add_types();
  leak.set_incident_type_id("leak");
  leak.set_display_name("Leak, priority 1");
  v1::ClientText& text = *leak.add_client_texts();
  text.set_language("en");
  text.set_display_name("Water comes in");
  settings.add_types()->set_incident_type_id("other");
  settings.mutable_types(1)->set_display_name("Something else");
  return settings;
}

TEST_CASE("a type of incident stands once, and so does each language of it", "[unit]") {
  IncidentSettings settings = Types();
  CHECK(CheckIncidentSettings(settings).ok());
  CHECK(Validate(settings).ok());
  CHECK(CheckIncidentType(settings, "leak").ok());
  CHECK(ReasonOf(CheckIncidentType(settings, "flood")) == "INCIDENT_TYPE_UNKNOWN");
  *settings.mutable_types(0)->add_client_texts() = settings.types(0).client_texts(0);
  settings.mutable_types(0)->mutable_client_texts(1)->set_language("EN");
  CHECK(ReasonOf(CheckIncidentSettings(settings)) == "INVALID_REQUEST");
  settings.mutable_types(0)->mutable_client_texts()->RemoveLast();
  settings.mutable_types(1)->set_incident_type_id("leak");
  CHECK(ReasonOf(CheckIncidentSettings(settings)) == "INVALID_REQUEST");
}

struct IncidentsFixture : Fixture {
  IncidentStore incident_store{database.postgres(), outbox, case_file};
  Settings<IncidentSettings> incident_settings{database.postgres(), outbox};
  IncidentsHandler incidents{incident_settings, incident_store, gate, once};

  IncidentsFixture() {
    REQUIRE(Put("deal", "Smith").ok());
    v1::UpdateIncidentSettingsRequest request;
    *request.mutable_incident_settings() = Types();
    REQUIRE(incidents.UpdateIncidentSettings(StaffCall(), request).ok());
  }
  static Call As(const std::string& contact_id, Visibility visibility = Visibility::kOwn,
                 const std::string& case_id = "deal") {
    return ClientCall({case_id, contact_id, "inv_1", visibility});
  }
  absl::StatusOr<v1::Incident> Report(const Call& call, const std::string& type = "leak",
                                      const std::string& request_id = "") {
    v1::CreateIncidentRequest request;
    request.set_case_id("deal");
    request.set_incident_type_id(type);
    request.set_text("The roof leaks.");
    request.set_request_id(request_id);
    return incidents.CreateIncident(call, request);
  }
  absl::StatusOr<v1::Incident> Answer(const std::string& id, bool resolve = false,
                                      const std::string& organisation_id = "acme") {
    v1::ReplyToIncidentRequest request;
    request.set_case_id("deal");
    request.set_incident_id(id);
    request.set_text("We come on Monday.");
    request.set_resolve(resolve);
    return incidents.ReplyToIncident(StaffCall(organisation_id), request);
  }
  absl::StatusOr<v1::Incident> Say(const Call& call, const std::string& id) {
    v1::ReplyToPortalIncidentRequest request;
    request.set_case_id("deal");
    request.set_incident_id(id);
    request.set_text("It still leaks.");
    return incidents.ReplyToPortalIncident(call, request);
  }
  absl::StatusOr<v1::Incident> Seen(const Call& call, const std::string& id) {
    v1::GetIncidentRequest request;
    request.set_case_id("deal");
    request.set_incident_id(id);
    return incidents.GetPortalIncident(call, request);
  }
  int CountSeen(const Call& call) {
    v1::ListIncidentsRequest request;
    request.set_case_id("deal");
    return incidents.ListPortalIncidents(call, request)->incidents_size();
  }
};

TEST_CASE_METHOD(IncidentsFixture, "[EZ-7] [EZ-8] a client chooses a configured type and reports",
                 "[service]") {
  const auto types = incidents.ListIncidentTypes(As("ada"), {});
  REQUIRE(types->types_size() == 2);
  CHECK(types->types(0).display_name() == "Water comes in");
  CHECK(types->types(1).display_name() == "Something else");
  CHECK(ReasonOf(Report(As("ada"), "flood").status()) == "INCIDENT_TYPE_UNKNOWN");
  const auto reported = Report(As("ada"), "leak", "once");
  REQUIRE(reported.ok());
  CHECK(reported->state() == v1::OPEN);
  CHECK(reported->contact_id() == "ada");
  CHECK(reported->messages(0).text() == "The roof leaks.");
  CHECK(Report(As("ada"), "leak", "once")->incident_id() == reported->incident_id());
  v1::ListIncidentsRequest list;
  list.set_case_id("deal");
  CHECK(incidents.ListIncidents(StaffCall(), list)->incidents_size() == 1);
  CHECK(ReasonOf(incidents.ListIncidents(StaffCall("other"), list).status()) == "NOT_FOUND");
  CHECK(Told("PublishEvent") == 1);
}

TEST_CASE_METHOD(IncidentsFixture, "staff answer, the client says more, and it is settled",
                 "[service]") {
  const std::string id = Report(As("ada"))->incident_id();
  CHECK_FALSE(Seen(As("ada"), id)->has_first_answer_time());
  const auto answered = Answer(id);
  REQUIRE(answered.ok());
  CHECK(answered->state() == v1::ANSWERED);
  CHECK(answered->messages(1).staff_name() == "Sam Staff");
  CHECK(answered->messages(1).contact_id().empty());
  const auto first = answered->first_answer_time().SerializeAsString();
  CHECK(Say(As("ada"), id)->state() == v1::OPEN);
  const auto resolved = Answer(id, true);
  CHECK(resolved->state() == v1::RESOLVED);
  CHECK(resolved->first_answer_time().SerializeAsString() == first);
  CHECK(Say(As("ada"), id)->state() == v1::OPEN);
  CHECK(Seen(As("ada"), id)->messages_size() == 5);
  CHECK(Told("PublishEvent") == 5);
  CHECK(ReasonOf(Answer(id, false, "other").status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(IncidentsFixture, "who sees only its own sees its own incidents only",
                 "[service]") {
  const std::string id = Report(As("ada"))->incident_id();
  REQUIRE(Report(As("bob")).ok());
  CHECK(CountSeen(As("ada")) == 1);
  CHECK(CountSeen(As("bob", Visibility::kAll)) == 2);
  CHECK(CountSeen(As("")) == 0);
  CHECK(ReasonOf(Seen(As("bob"), id).status()) == "NOT_FOUND");
  CHECK(ReasonOf(Say(As("bob"), id).status()) == "NOT_FOUND");
  CHECK(Seen(As("bob", Visibility::kAll), id).ok());
  CHECK(Say(As("bob", Visibility::kAll), id)->messages(1).contact_id() == "bob");
  CHECK(ReasonOf(Seen(As("ada"), "incident_none").status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(IncidentsFixture, "incidents and their messages are bounded", "[service]") {
  const std::string id = Report(As("ada"))->incident_id();
  database.Exec("UPDATE incident SET messages = 199");
  CHECK(Say(As("ada"), id).ok());
  CHECK(ReasonOf(Say(As("ada"), id).status()) == "INCIDENT_FULL");
  CHECK(ReasonOf(Answer(id, true).status()) == "INCIDENT_FULL");
  CHECK(Seen(As("ada"), id)->state() == v1::OPEN);
  database.Exec(
      "INSERT INTO incident (organisation_id, case_id, incident_id, type_id, contact_id) "
      "SELECT 'acme', 'deal', 'incident_' || n, 'leak', 'ada' FROM generate_series(1, 99) AS n");
  CHECK(ReasonOf(Report(As("ada")).status()) == "INCIDENT_LIMIT_REACHED");
  database.Exec("UPDATE incident SET state = 3 WHERE incident_id = 'incident_1'");
  CHECK(Report(As("ada")).ok());
}

TEST_CASE_METHOD(IncidentsFixture, "incidents go with their case, and are listed page by page",
                 "[service]") {
  for (int i = 0; i < 3; ++i) REQUIRE(Report(As("ada")).ok());
  v1::ListIncidentsRequest list;
  list.set_case_id("deal");
  list.set_page_size(2);
  const auto first = incidents.ListIncidents(StaffCall(), list);
  REQUIRE(first->incidents_size() == 2);
  list.set_page_token(first->next_page_token());
  const auto second = incidents.ListIncidents(StaffCall(), list);
  REQUIRE(second->incidents_size() == 1);
  CHECK(second->incidents(0).incident_id() < first->incidents(1).incident_id());
  CHECK(second->next_page_token().empty());
  REQUIRE(Delete("deal").ok());
  list.clear_page_token();
  CHECK(ReasonOf(incidents.ListIncidents(StaffCall(), list).status()) == "NOT_FOUND");
  CHECK(ReasonOf(Report(As("ada")).status()) == "NOT_FOUND");
  CHECK(database.Exec("SELECT count(*) FROM incident_message")[0][0].as<int>() == 0);
}

TEST_CASE_METHOD(IncidentsFixture, "files go with what is said, each once, in their order",
                 "[service]") {
  v1::CreateIncidentRequest report;
  report.set_case_id("deal");
  report.set_incident_type_id("leak");
  report.set_text("The roof leaks.");
  for (const char* id : {"doc_2", "doc_1", "doc_2"}) report.add_document_ids(id);
  const auto made = incidents.CreateIncident(As("ada"), report);
  REQUIRE(made.ok());
  v1::ReplyToIncidentRequest reply;
  reply.set_case_id("deal");
  reply.set_incident_id(made->incident_id());
  reply.set_text("As drawn here.");
  reply.add_document_ids("doc_3");
  REQUIRE(incidents.ReplyToIncident(StaffCall(), reply).ok());
  REQUIRE(Say(As("ada"), made->incident_id()).ok());
  const auto seen = Seen(As("ada"), made->incident_id());
  REQUIRE(seen->messages_size() == 3);
  const auto ids = [&](int n) {
    const auto& listed = seen->messages(n).document_ids();
    return std::vector<std::string>(listed.begin(), listed.end());
  };
  CHECK(ids(0) == std::vector<std::string>{"doc_2", "doc_1"});
  CHECK(ids(1) == std::vector<std::string>{"doc_3"});
  CHECK(ids(2).empty());
}

TEST_CASE("twenty files go with what is said, named by ids", "[unit]") {
  v1::CreateIncidentRequest report;
  report.set_case_id("deal");
  report.set_incident_type_id("leak");
  report.set_text("The roof leaks.");
  for (int i = 0; i < 20; ++i) report.add_document_ids("doc_" + std::to_string(i));
  CHECK(Validate(report).ok());
  report.add_document_ids("doc_20");
  CHECK(ReasonOf(Validate(report)) == "INVALID_REQUEST");
  report.clear_document_ids();
  report.add_document_ids("no id");
  CHECK(ReasonOf(Validate(report)) == "INVALID_REQUEST");
}

}  // namespace
}  // namespace gatehouse::cases
