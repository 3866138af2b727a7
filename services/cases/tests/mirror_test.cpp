#include <thread>

#include "services/cases/case_proto.h"
#include "services/cases/tests/fixture.h"
#include "services/common/rpc/validate.h"

namespace gatehouse::cases {
namespace {

TEST_CASE("the mirror takes what a CRM holds, and the preflight judges it", "[unit]") {
  pb::PutCaseRequest request;
  request.set_case_id("deal-1");
  const char* blank = GENERATE(" ", "\u200b");
  request.set_display_name(blank);
  request.set_kind("Purchase Deal");
  request.mutable_owner()->set_id("olive@office.example");
  request.mutable_owner()->set_display_name(" ");
  pb::Contact& contact = *request.add_contacts();
  contact.set_contact_id("ada");
  contact.set_given_name(" ");
  contact.set_family_name("Love\tlace");
  contact.set_email("ada@ or, in the evening, her husband's");
  contact.set_mobile("0412 345 678 (Ann, mornings), or else 02 9374 4000, but never on Sundays");
  contact.set_role("Primary Applicant");
  CHECK(Validate(request).ok());
  const Case mirrored = FromProto(request, "AU");
  CHECK(mirrored.display_name == "deal-1");
  CHECK(mirrored.contacts[0].e164.empty());
  CHECK(mirrored.contacts[0].role == "Primary Applicant");

  SECTION("within bounds") {
    contact.set_mobile(std::string(501, '1'));
    CHECK(ReasonOf(Validate(request)) == "INVALID_REQUEST");
    contact.set_mobile("1");
    for (int i = 0; i < 200; ++i) request.add_contacts()->set_contact_id("c" + std::to_string(i));
    CHECK(ReasonOf(Validate(request)) == "INVALID_REQUEST");
    request.mutable_contacts()->RemoveLast();
    CHECK(Validate(request).ok());
  }
}

TEST_CASE("invitations hear of who left and of who is reached otherwise, and of nothing else",
          "[unit]") {
  const Contact ada = {
      .contact_id = "ada", .given_name = "Ada", .email = "a@b.example", .e164 = "+61412345678"};
  Contact bob = {.contact_id = "bob"};
  CHECK_FALSE(ConcernsInvitations({}, {ada, bob}));
  CHECK_FALSE(ConcernsInvitations({ada}, {bob, ada}));
  CHECK(ConcernsInvitations({ada, bob}, {ada}));
  Contact changed = ada;
  changed.role = "APPLICANT";
  changed.mobile = "0412345678";
  CHECK_FALSE(ConcernsInvitations({ada}, {changed}));
  changed.e164 = "+61400000000";
  CHECK(ConcernsInvitations({ada}, {changed}));
  changed = ada;
  changed.email = "";
  CHECK(ConcernsInvitations({ada}, {changed}));
}

TEST_CASE_METHOD(Fixture, "what was got can be put back", "[service]") {
  pb::PutCaseRequest request = Mirror("deal-1");
  request.mutable_owner()->set_id("olive");
  const auto put = handler.PutCase(StaffCall(), request);
  REQUIRE(put.ok());
  // As JSON would: every field of the answer is one of the request.
  pb::PutCaseRequest back;
  back.set_case_id(put->case_id());
  back.set_display_name(put->display_name());
  back.set_kind(put->kind());
  *back.mutable_owner() = put->owner();
  *back.mutable_contacts() = put->contacts();
  back.set_etag(put->etag());
  *back.mutable_create_time() = put->create_time();
  *back.mutable_update_time() = put->update_time();
  CHECK(pb::Case::descriptor()->field_count() == pb::PutCaseRequest::descriptor()->field_count());
  REQUIRE(Validate(back).ok());
  const auto again = handler.PutCase(StaffCall(), back);
  REQUIRE(again.ok());
  CHECK(again->owner().id() == "olive");
  CHECK(again->contacts_size() == 2);
  CHECK(Told("FollowCase") == 0);
}

TEST_CASE_METHOD(Fixture, "two hundred contacts keep their order and their every character",
                 "[service]") {
  pb::PutCaseRequest request;
  request.set_case_id("deal-1");
  request.set_display_name("Smith");
  for (int i = 0; i < 200; ++i) {
    pb::Contact& contact = *request.add_contacts();
    contact.set_contact_id("c" + std::to_string(999 - i));
    contact.set_given_name("\"\\<{\n\u20ac\U0001f600'" + std::to_string(i));
    contact.set_type(i % 2 == 0 ? pb::PERSON : pb::COMPANY);
  }
  const auto put = handler.PutCase(StaffCall(), request);
  REQUIRE(put.ok());
  REQUIRE(put->contacts_size() == 200);
  for (int i = 0; i < 200; ++i) {
    CHECK(put->contacts(i).given_name() == request.contacts(i).given_name());
    CHECK(put->contacts(i).type() == request.contacts(i).type());
  }
}

TEST_CASE_METHOD(Fixture, "a contact listed twice is refused", "[service]") {
  pb::PutCaseRequest request = Mirror("deal-1");
  request.add_contacts()->set_contact_id("ada");
  CHECK(ReasonOf(handler.PutCase(StaffCall(), request).status()) == "INVALID_REQUEST");
  CHECK(ReasonOf(Get("deal-1").status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(Fixture, "whoever leaves the case, or is reached otherwise, is told of at once",
                 "[service]") {
  pb::PutCaseRequest request = Mirror("deal-1");
  REQUIRE(handler.PutCase(StaffCall(), request).ok());
  REQUIRE(handler.PutCase(StaffCall(), request).ok());
  CHECK(Told("FollowCase") == 0);
  request.mutable_contacts(0)->set_mobile("0499 999 999");
  REQUIRE(handler.PutCase(StaffCall(), request).ok());
  CHECK(Told("FollowCase") == 1);
  request.mutable_contacts()->DeleteSubrange(1, 1);
  REQUIRE(handler.PutCase(StaffCall(), request).ok());
  CHECK(Told("FollowCase") == 2);
  request.set_etag("1");
  request.clear_contacts();
  CHECK(ReasonOf(handler.PutCase(StaffCall(), request).status()) == "ETAG_MISMATCH");
  CHECK(Told("FollowCase") == 2);
}

TEST_CASE_METHOD(Fixture, "a deleted case is gone with its notes, once, for its own organisation",
                 "[service]") {
  REQUIRE(Put("deal-1", "Smith").ok());
  REQUIRE(Put("deal-2", "Jones").ok());
  pb::CreateNoteRequest note;
  note.set_case_id("deal-1");
  note.set_text("called");
  REQUIRE(handler.CreateNote(StaffCall(), note).ok());
  CHECK(ReasonOf(Delete("deal-1", "other")) == "NOT_FOUND");
  CHECK(ReasonOf(Delete("deal-9")) == "NOT_FOUND");
  CHECK(Get("deal-1").ok());
  CHECK(Told("PublishEvent") == 0);
  REQUIRE(Delete("deal-1").ok());
  REQUIRE(Delete("deal-1").ok());
  CHECK(ReasonOf(Get("deal-1").status()) == "NOT_FOUND");
  CHECK(Get("deal-2").ok());
  CHECK(Told("FollowCase") == 1);
  CHECK(Told("RemoveCase") == 2);  // documents and notification.
  CHECK(Told("PublishEvent") == 1);
  CHECK(ReasonOf(handler.CreateNote(StaffCall(), note).status()) == "NOT_FOUND");
  pb::AddNoteRequest late;
  late.set_case_id("deal-1");
  late.set_request_id("late");
  late.set_text("came late");
  CHECK(handler.AddNote(ServiceCall(), late).ok());

  SECTION("and can be put anew, with another etag and without the old notes") {
    const auto anew = Put("deal-1", "Smith");
    REQUIRE(anew.ok());
    CHECK(ReasonOf(Put("deal-1", "Smith", "1").status()) == "ETAG_MISMATCH");
    pb::ListNotesRequest list;
    list.set_case_id("deal-1");
    CHECK(handler.ListNotes(StaffCall(), list)->notes_size() == 0);
  }
}

TEST_CASE_METHOD(Fixture, "a note that is written while its case is deleted is kept or refused",
                 "[service]") {
  for (int round = 0; round < 10; ++round) {
    REQUIRE(Put("deal-1", "Smith").ok());
    absl::Status written;
    std::thread writer([&] {
      pb::CreateNoteRequest note;
      note.set_case_id("deal-1");
      note.set_text("called");
      written = handler.CreateNote(StaffCall(), note).status();
    });
    CHECK(Delete("deal-1").ok());
    writer.join();
    CHECK((written.ok() || ReasonOf(written) == "NOT_FOUND"));
  }
}

TEST_CASE_METHOD(Fixture, "an invitation made by an old look at the mirror is told how it is now",
                 "[service]") {
  const auto seen = Put("deal-1", "Smith");
  REQUIRE(seen.ok());
  pb::SetContactPortalRequest set;
  set.set_case_id("deal-1");
  set.set_contact_id("ada");
  set.set_portal(pb::INVITED);
  set.set_version(1);
  set.set_etag(seen->etag());
  REQUIRE(handler.SetContactPortal(ServiceCall(), set).ok());
  CHECK(Told("FollowCase") == 0);
  REQUIRE(Put("deal-1", "Smith and Jones").ok());
  set.set_version(2);
  REQUIRE(handler.SetContactPortal(ServiceCall(), set).ok());
  CHECK(Told("FollowCase") == 1);
  REQUIRE(Delete("deal-1").ok());
  set.set_version(3);
  REQUIRE(handler.SetContactPortal(ServiceCall(), set).ok());
  CHECK(Told("FollowCase") == 3);
}

}  // namespace
}  // namespace gatehouse::cases
