#include <catch2/catch.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "services/cases/tests/fixture.h"
#include "services/common/base/proto_time.h"
#include "services/common/rpc/validate.h"

namespace gatehouse::cases {
namespace {

TEST_CASE_METHOD(Fixture, "a put replaces the mirror whole, and an old etag changes nothing",
                 "[service]") {
  const auto first = Put("deal-1", "Smith");
  REQUIRE(first.ok());
  CHECK(first->contacts_size() == 2);
  CHECK(first->contacts(0).portal() == pb::NOT_INVITED);
  const auto second = Put("deal-1", "Smith and Jones", first->etag());
  REQUIRE(second.ok());
  CHECK(ReasonOf(Put("deal-1", "late", first->etag()).status()) == "ETAG_MISMATCH");
  CHECK(ReasonOf(Put("deal-9", "gone", "4").status()) == "ETAG_MISMATCH");
  pb::GetCaseRequest get;
  get.set_case_id("deal-1");
  CHECK(handler.GetCase(StaffCall(), get)->display_name() == "Smith and Jones");
}

TEST_CASE_METHOD(Fixture, "another organisation's case is not there", "[service]") {
  REQUIRE(Put("deal-1", "Smith").ok());
  pb::GetCaseRequest get;
  get.set_case_id("deal-1");
  CHECK(ReasonOf(handler.GetCase(StaffCall("other"), get).status()) == "NOT_FOUND");
  CHECK(handler.ListCases(StaffCall("other"), {})->cases_size() == 0);
}

TEST_CASE_METHOD(Fixture, "a note with a request_id is written once", "[service]") {
  REQUIRE(Put("deal-1", "Smith").ok());
  REQUIRE(Put("deal-2", "Jones").ok());
  pb::CreateNoteRequest note;
  note.set_case_id("deal-1");
  note.set_text("called");
  note.set_request_id("r1");
  const auto first = handler.CreateNote(StaffCall(), note);
  REQUIRE(first.ok());
  CHECK(handler.CreateNote(StaffCall(), note)->note_id() == first->note_id());
  pb::ListNotesRequest list;
  list.set_case_id("deal-1");
  CHECK(handler.ListNotes(StaffCall(), list)->notes_size() == 1);

  SECTION("and the id stands for that note alone") {
    note.set_text("called again");
    CHECK(ReasonOf(handler.CreateNote(StaffCall(), note).status()) == "REQUEST_ID_REUSED");
    note.set_text("called");
    note.set_case_id("deal-2");
    CHECK(ReasonOf(handler.CreateNote(StaffCall(), note).status()) == "REQUEST_ID_REUSED");
  }
  SECTION("and a delivery under the same id is another one, once") {
    pb::AddNoteRequest add;
    add.set_case_id("deal-1");
    add.set_request_id("r1");
    add.set_text("entered");
    REQUIRE(handler.AddNote(ServiceCall(), add).ok());
    REQUIRE(handler.AddNote(ServiceCall(), add).ok());
    CHECK(handler.ListNotes(StaffCall(), list)->notes_size() == 2);
  }
}

TEST_CASE_METHOD(Fixture,
                 "several notes are delivered in one step, each once, as it would be alone",
                 "[service]") {
  REQUIRE(Put("deal-1", "Smith").ok());
  pb::AddNotesRequest together;
  const auto add = [&](const char* case_id, const char* request_id, const char* text) {
    pb::AddNoteRequest& one = *together.add_requests();
    one.set_case_id(case_id);
    one.set_request_id(request_id);
    one.set_text(text);
    one.set_author("Ada");
  };
  add("deal-1", "out_1", "Ada's \"first\", {and} last");
  REQUIRE(handler.AddNote(ServiceCall(), together.requests(0)).ok());
  add("deal-1", "out_2", "uploaded");
  add("deal-1", "out_2", "uploaded");
  add("who-left", "out_3", "nobody reads it");
  CHECK(Validate(together).ok());
  REQUIRE(handler.AddNotes(ServiceCall(), together).ok());
  REQUIRE(handler.AddNotes(ServiceCall(), together).ok());
  pb::ListNotesRequest list;
  list.set_case_id("deal-1");
  const auto notes = handler.ListNotes(StaffCall(), list);
  REQUIRE(notes->notes_size() == 2);
  CHECK(notes->notes(0).text() == "uploaded");
  CHECK(notes->notes(0).author() == "Ada");
  CHECK(notes->notes(1).text() == "Ada's \"first\", {and} last");
  SECTION("in the caller's organisation alone") {
    REQUIRE(handler.AddNotes(ServiceCall("other"), together).ok());
    CHECK(handler.ListNotes(StaffCall(), list)->notes_size() == 2);
  }
}

TEST_CASE_METHOD(Fixture, "a case that is not there has no notes", "[service]") {
  pb::CreateNoteRequest note;
  note.set_case_id("unknown");
  note.set_text("called");
  CHECK(ReasonOf(handler.CreateNote(StaffCall(), note).status()) == "NOT_FOUND");
  pb::ListNotesRequest list;
  list.set_case_id("unknown");
  CHECK(ReasonOf(handler.ListNotes(StaffCall(), list).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(Fixture, "an older word about a contact's access changes nothing", "[service]") {
  REQUIRE(Put("deal-1", "Smith").ok());
  pb::SetContactPortalRequest set;
  set.set_case_id("deal-1");
  set.set_contact_id("ada");
  set.set_portal(pb::ACTIVE);
  set.set_version(2);
  REQUIRE(handler.SetContactPortal(ServiceCall(), set).ok());
  set.set_portal(pb::INVITED);
  set.set_version(1);
  REQUIRE(handler.SetContactPortal(ServiceCall(), set).ok());
  REQUIRE(Put("deal-1", "Smith again").ok());
  pb::LookUpCaseRequest look_up;
  look_up.set_case_id("deal-1");
  const auto found = handler.LookUpCase(ServiceCall(), look_up);
  REQUIRE(found.ok());
  CHECK(found->case_().contacts(0).portal() == pb::ACTIVE);
  CHECK(found->mobiles().at("ada") == "+61412345678");
}

TEST_CASE_METHOD(Fixture, "the note that tells of a contact's access is written with it, once",
                 "[service]") {
  REQUIRE(Put("deal-1", "Smith").ok());
  pb::SetContactPortalRequest set;
  set.set_case_id("deal-1");
  set.set_contact_id("ada");
  set.set_portal(pb::ACTIVE);
  set.set_version(2);
  set.set_request_id("out_1");
  set.set_note("Ada entered");
  set.set_author("Ada");
  REQUIRE(handler.SetContactPortal(ServiceCall(), set).ok());
  REQUIRE(handler.SetContactPortal(ServiceCall(), set).ok());
  // An older word comes too late for the access, and its note is one all the same.
  set.set_request_id("out_0");
  set.set_portal(pb::INVITED);
  set.set_version(1);
  set.set_note("Ada was invited");
  REQUIRE(handler.SetContactPortal(ServiceCall(), set).ok());
  pb::ListNotesRequest list;
  list.set_case_id("deal-1");
  const auto notes = handler.ListNotes(StaffCall(), list);
  REQUIRE(notes->notes_size() == 2);
  CHECK(notes->notes(0).text() == "Ada was invited");
  CHECK(notes->notes(1).text() == "Ada entered");
  CHECK(notes->notes(1).author() == "Ada");
  CHECK(Get("deal-1")->contacts(0).portal() == pb::ACTIVE);

  SECTION("and swallowed by a case that is gone") {
    REQUIRE(Delete("deal-1").ok());
    set.set_request_id("out_2");
    set.set_version(3);
    CHECK(handler.SetContactPortal(ServiceCall(), set).ok());
  }
}

pb::SetContactPortalRequest PortalOf(const std::string& contact_id, pb::ContactPortal portal,
                                     int64_t version, const std::string& note = "") {
  pb::SetContactPortalRequest set;
  set.set_case_id("deal-1");
  set.set_contact_id(contact_id);
  set.set_portal(portal);
  set.set_version(version);
  set.set_request_id(absl::StrCat("out_", contact_id, version));
  set.set_note(note);
  set.set_author("Ada");
  return set;
}

TEST_CASE_METHOD(Fixture,
                 "several contacts' access is recorded in one step, each as it would alone",
                 "[service]") {
  REQUIRE(Put("deal-1", "Smith").ok());
  REQUIRE(handler.SetContactPortal(ServiceCall(), PortalOf("bob", pb::ACTIVE, 5)).ok());
  pb::SetContactPortalsRequest together;
  // Of what is said twice of a contact the later counts, whatever comes first.
  *together.add_requests() = PortalOf("ada", pb::ACTIVE, 2, "Ada entered");
  *together.add_requests() = PortalOf("ada", pb::INVITED, 1, "Ada was invited");
  *together.add_requests() = PortalOf("bob", pb::INVITED, 4, "Bob was invited");
  *together.add_requests() = PortalOf("who-left", pb::REVOKED, 1);
  pb::SetContactPortalRequest gone = PortalOf("ada", pb::ACTIVE, 3, "nobody reads it");
  gone.set_case_id("deal-2");
  *together.add_requests() = gone;
  CHECK(Validate(together).ok());
  REQUIRE(handler.SetContactPortals(ServiceCall(), together).ok());
  REQUIRE(handler.SetContactPortals(ServiceCall(), together).ok());
  CHECK(Get("deal-1")->contacts(0).portal() == pb::ACTIVE);
  CHECK(Get("deal-1")->contacts(1).portal() == pb::ACTIVE);
  pb::ListNotesRequest list;
  list.set_case_id("deal-1");
  const auto notes = handler.ListNotes(StaffCall(), list);
  REQUIRE(notes->notes_size() == 3);
  std::set<std::string> texts;
  for (const auto& note : notes->notes()) texts.insert(note.text());
  CHECK(texts == std::set<std::string>{"Ada entered", "Ada was invited", "Bob was invited"});
  SECTION("in the caller's organisation alone") {
    REQUIRE(handler.PutCase(StaffCall("other"), Mirror("deal-1")).ok());
    CHECK(Get("deal-1", "other")->contacts(0).portal() == pb::NOT_INVITED);
    REQUIRE(handler.SetContactPortals(ServiceCall("other"), together).ok());
    CHECK(Get("deal-1", "other")->contacts(0).portal() == pb::ACTIVE);
    CHECK(handler.ListNotes(StaffCall(), list)->notes_size() == 3);
  }
  SECTION("and an invitation that saw another mirror is told, as it is of one") {
    together.mutable_requests(0)->set_etag("of before");
    together.mutable_requests(0)->set_version(7);
    REQUIRE(handler.SetContactPortals(ServiceCall(), together).ok());
    CHECK(Told("FollowCase") == 1);
  }
}

TEST_CASE_METHOD(Fixture, "a contact whose invitation ran out unused is not invited", "[service]") {
  REQUIRE(Put("deal-1", "Smith").ok());
  pb::SetContactPortalRequest set;
  set.set_case_id("deal-1");
  set.set_contact_id("ada");
  set.set_portal(pb::INVITED);
  const auto portal_until = [&](absl::Time end) {
    set.set_version(set.version() + 1);
    *set.mutable_expire_time() = ToProto(end);
    REQUIRE(handler.SetContactPortal(ServiceCall(), set).ok());
    pb::GetCaseRequest get;
    get.set_case_id("deal-1");
    return handler.GetCase(StaffCall(), get)->contacts(0).portal();
  };
  CHECK(portal_until(absl::Now() + absl::Minutes(1)) == pb::INVITED);
  CHECK(portal_until(absl::Now() - absl::Seconds(1)) == pb::NOT_INVITED);
}

}  // namespace
}  // namespace gatehouse::cases
