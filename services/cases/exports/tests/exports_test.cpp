#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/drawings.pb.h"
#include "gatehouse/cases/v1/factfind.pb.h"
#include "gatehouse/cases/v1/visits.pb.h"
#include "services/cases/exports/handler.h"
#include "services/cases/tests/fixture.h"
#include "services/common/base/crypto.h"

namespace gatehouse::cases {
namespace {

std::string InSql(const std::string& bytes) {
  return absl::StrCat("decode('", Hex(bytes), "', 'hex')");
}

struct Exporting : Fixture {
  ExportStore exports{database.postgres()};
  ExportHandler export_handler{exports};

  // Ada Lovelace and Bob Lovelace, and Eve, who is on another case.
  Exporting() {
    for (const char* case_id : {"deal-1", "deal-2"}) {
      pb::PutCaseRequest request;
      request.set_case_id(case_id);
      request.set_display_name("The house of Ada and Bob");
      const bool first = std::string(case_id) == "deal-1";
      for (const char* id : {first ? "ada" : "eve", "bob"}) {
        pb::Contact& contact = *request.add_contacts();
        contact.set_contact_id(id);
        contact.set_given_name(std::string(1, static_cast<char>(id[0] - 32)) + (id + 1));
        contact.set_family_name("Lovelace");
        contact.set_email(absl::StrCat(id, "@example.com"));
        contact.set_mobile(*id == 'a' ? "0412 345 678" : "0499 999 999");
      }
      REQUIRE(handler.PutCase(StaffCall(), request).ok());
    }
  }
  absl::StatusOr<v1::IdentifyContactResponse> Identify(const std::string& contact_id = "ada") {
    v1::IdentifyContactRequest request;
    request.mutable_invited()->set_contact_id(contact_id);
    request.mutable_invited()->add_emails("augusta@example.com");
    return export_handler.IdentifyContact(ServiceCall(), request);
  }
  // All of one kind, in one text.
  std::string Known(common::v1::PersonalData kind, const std::string& organisation_id = "acme") {
    const auto found = Identify();
    REQUIRE(found.ok());
    common::v1::ExportContactRequest request;
    *request.mutable_subject() = found->subject();
    *request.mutable_others() = found->others();
    *request.mutable_present_case_ids() = found->present_case_ids();
    const auto part = export_handler.ExportContact(ServiceCall(organisation_id), request);
    INFO(part.status().ToString());
    REQUIRE(part.ok());
    CHECK(part->next_page_token().empty());
    std::string all;
    for (const auto& record : part->records()) {
      if (record.kind() == kind) absl::StrAppend(&all, record.json(), "\n");
    }
    return all;
  }
  void Note(const std::string& id, const std::string& text) {
    REQUIRE(
        store.AddNote("acme", "deal-1", {.note_id = id, .text = text, .author = "Sam"}, "").ok());
  }
};

TEST_CASE_METHOD(Exporting, "a contact is known by what is its alone, and others by what is theirs",
                 "[service][no-tsan]") {
  const auto found = Identify();
  REQUIRE(found.ok());
  CHECK(std::vector<std::string>(found->subject().name_parts().begin(),
                                 found->subject().name_parts().end()) ==
        std::vector<std::string>{"Ada"});
  CHECK(found->subject().emails_size() == 2);
  CHECK(std::vector<std::string>(found->others().name_parts().begin(),
                                 found->others().name_parts().end()) ==
        std::vector<std::string>{"Bob"});
  CHECK(found->others().emails(0) == "bob@example.com");
  CHECK_FALSE(found->others().more());
}

TEST_CASE_METHOD(Exporting, "who is being erased is not identified", "[service]") {
  database.Exec(
      "INSERT INTO erasure (organisation_id, erasure_id, contact_id, actor_id, actor_name, "
      "receipt) "
      "VALUES ('acme', 'era_1', 'ada', '', '', ''), ('other', 'era_2', 'bob', '', '', '')");
  CHECK(ReasonOf(Identify().status()) == "CONTACT_ERASURE_UNDER_WAY");
  CHECK(Identify("bob").ok());
  database.Exec("UPDATE erasure SET end_time = now()");
  CHECK(Identify().ok());
}

TEST_CASE_METHOD(Exporting,
                 "the record of a contact names no other one, nor another organisation's",
                 "[service][no-tsan]") {
  const std::string record = Known(common::v1::CONTACT_RECORD);
  CHECK(absl::StrContains(record, "\"email\": \"ada@example.com\""));
  CHECK(absl::StrContains(record, "The house of Ada and [withheld]"));
  CHECK_FALSE(absl::StrContains(record, "bob"));
  CHECK(Known(common::v1::CONTACT_RECORD, "other").empty());
}

TEST_CASE_METHOD(Exporting, "notes that name the contact are given, without others and who wrote",
                 "[service][no-tsan]") {
  Note("n1", "Ada rang, with Bob (bob@example.com)");
  Note("n2", "Bob rang.");
  const std::string notes = Known(common::v1::NOTE);
  CHECK(absl::StrContains(notes, "Ada rang, with [withheld] ([withheld])"));
  CHECK_FALSE(absl::StrContains(notes, "Sam"));
  CHECK(std::count(notes.begin(), notes.end(), '\n') == 1);
}

TEST_CASE_METHOD(Exporting,
                 "what the contact said and was shown is given, and what others said not",
                 "[service][no-tsan]") {
  for (const char* whose : {"ada", "bob"}) {
    database.Exec(absl::StrCat(
        "INSERT INTO incident (organisation_id, case_id, incident_id, type_id, contact_id) VALUES "
        "('acme', 'deal-1', 'inc_",
        whose, "', 't', '", whose,
        "');"
        "INSERT INTO incident_message (organisation_id, case_id, incident_id, number, text, "
        "contact_id, staff_name) VALUES ('acme', 'deal-1', 'inc_",
        whose, "', 1, 'Leaks, says ", whose, "', '", whose, "', ''), ('acme', 'deal-1', 'inc_",
        whose,
        "', 2, 'Ask Ada and Bob', '', 'Sam');"
        "INSERT INTO offer (organisation_id, case_id, offer_id, contact_id, content, "
        "content_sha256, valid_until_time, closes_others, state, decided_by, decision_reason, "
        "decision_time) VALUES ('acme', 'deal-1', 'all_",
        whose, "', '', '{}', 'x', 'infinity', false, 3, '", whose, "', 'Dear to ", whose,
        "', now());"));
  }
  const std::string incidents = Known(common::v1::INCIDENT);
  CHECK(absl::StrContains(incidents, "says ada"));
  CHECK(absl::StrContains(incidents, "Ask Ada and Bob"));
  CHECK_FALSE(absl::StrContains(incidents, "says bob"));
  // Where staff named it to another one.
  CHECK(absl::StrContains(Known(common::v1::QUOTATION), "Ask Ada and [withheld]"));
  const std::string offers = Known(common::v1::OFFER);
  CHECK(absl::StrContains(offers, "all_bob"));
  CHECK(absl::StrContains(offers, "Dear to ada"));
  CHECK_FALSE(absl::StrContains(offers, "Dear to bob"));
}

TEST_CASE_METHOD(Exporting, "whose case's id another family has is given nothing of theirs",
                 "[service][no-tsan]") {
  database.Exec(
      "INSERT INTO contact_portal (organisation_id, case_id, contact_id, portal, version) VALUES "
      "('acme', 'deal-2', 'ada', 4, 1);"
      "INSERT INTO offer (organisation_id, case_id, offer_id, contact_id, content, "
      "content_sha256, valid_until_time, closes_others, state) VALUES ('acme', 'deal-2', 'to_all', "
      "'', '{}', 'x', 'infinity', false, 1), ('acme', 'deal-2', 'to_ada', 'ada', '{}', 'x', "
      "'infinity', false, 1)");
  const auto found = Identify();
  REQUIRE(found.ok());
  CHECK(found->subject().case_ids_size() == 2);
  REQUIRE(found->present_case_ids_size() == 1);
  CHECK(found->present_case_ids(0) == "deal-1");
  const std::string offers = Known(common::v1::OFFER);
  CHECK(absl::StrContains(offers, "to_ada"));
  CHECK_FALSE(absl::StrContains(offers, "to_all"));
}

TEST_CASE_METHOD(Exporting, "what rests as a message is given as JSON", "[service][no-tsan]") {
  v1::Drawing drawing;
  drawing.set_address("12 Wombat Street");
  v1::VisitPlan plan;
  plan.set_title("We measure");
  v1::AnswerValue value;
  value.set_text("wombat keeper");
  database.Exec(absl::StrCat(
      "INSERT INTO drawing (organisation_id, case_id, content, contact_id) VALUES "
      "('acme', 'deal-1', ",
      InSql(drawing.SerializeAsString()),
      ", 'ada');"
      "INSERT INTO visit (organisation_id, case_id, visit_id, contact_id, state, plan, agreed) "
      "VALUES ('acme', 'deal-1', 'vis_1', 'ada', 1, ",
      InSql(plan.SerializeAsString()),
      ", '');"
      "INSERT INTO flow VALUES ('acme', 'loan', 1);"
      "INSERT INTO flow_version VALUES ('acme', 'loan', 1, '');"
      "INSERT INTO fact_find (organisation_id, case_id, fact_find_id, contact_id, flow_id, "
      "flow_version) VALUES ('acme', 'deal-1', 'ff_ada', 'ada', 'loan', 1);"
      "INSERT INTO fact_answer (organisation_id, case_id, fact_find_id, section_id, field_id, "
      "value, version, contact_id, staff_name) VALUES ('acme', 'deal-1', 'ff_ada', 's', 'f', ",
      InSql(value.SerializeAsString()), ", 1, 'ada', '')"));
  CHECK(absl::StrContains(Known(common::v1::DRAWING), "12 Wombat Street"));
  CHECK(absl::StrContains(Known(common::v1::VISIT), "\"plan\": {\"title\":\"We measure\""));
  CHECK(absl::StrContains(Known(common::v1::FACT_FIND), "wombat keeper"));
}

}  // namespace
}  // namespace gatehouse::cases
