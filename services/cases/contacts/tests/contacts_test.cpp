#include <thread>

#include "services/cases/contacts/handler.h"
#include "services/cases/tests/fixture.h"
#include "services/common/rpc/validate.h"

// What clients change of contacts: the rules, then as the database has it.

namespace gatehouse::cases {
namespace {

const ContactFields kAll = {v1::GIVEN_NAME, v1::FAMILY_NAME, v1::EMAIL, v1::MOBILE};

Contact Person() {
  return {.contact_id = "ada",
          .given_name = "Ada",
          .family_name = "Lovelace",
          .email = "ada@example.com",
          .mobile = "0412 345 678",
          .e164 = "+61412345678"};
}

TEST_CASE("an edit says what it changed, from what and to what", "[unit]") {
  Contact contact = Person();
  const auto changes = Edit(
      contact, {.given_name = "Ada", .family_name = "King", .email = "ada@king.example"}, kAll);
  REQUIRE(changes.ok());
  REQUIRE(changes->size() == 2);
  CHECK(changes->at(0).field == v1::FAMILY_NAME);
  CHECK(changes->at(0).before == "Lovelace");
  CHECK(changes->at(0).after == "King");
  CHECK(changes->at(1).field == v1::EMAIL);
  CHECK(contact.family_name == "King");
  CHECK(contact.e164 == "+61412345678");
  CHECK(Edit(contact, {}, kAll)->empty());
}

TEST_CASE("a mobile is edited with its number, and one that is none is refused", "[unit]") {
  Contact contact = Person();
  CHECK(ReasonOf(Edit(contact, {.mobile = "call me"}, kAll).status()) == "INVALID_REQUEST");
  CHECK(contact.mobile == "0412 345 678");
  REQUIRE(Edit(contact, {.mobile = "0499 999 999", .e164 = "+61499999999"}, kAll).ok());
  CHECK(contact.e164 == "+61499999999");
}

TEST_CASE("an e-mail address is taken as phones type it, and one that is none is refused",
          "[unit]") {
  for (const char* typed : {"ada@king.example ", "\u00a0ada@king.example\u200b"}) {
    Contact contact = Person();
    REQUIRE(Edit(contact, {.email = typed}, kAll)->size() == 1);
    CHECK(contact.email == "ada@king.example");
    CHECK(Edit(contact, {.email = typed}, kAll)->empty());
  }
  Contact contact = Person();
  CHECK(Edit(contact, {.email = "ünal@exämple.com"}, kAll)->size() == 1);
  CHECK(contact.email == "ünal@exämple.com");
  for (const char* typed : {"", " ", "ada@", "ada@b", "ada@king.example, bob@king.example"}) {
    INFO(typed);
    CHECK(ReasonOf(Edit(contact, {.email = typed}, kAll).status()) == "INVALID_REQUEST");
  }
}

TEST_CASE("what the CRM has is no mistake of a client who sends it back", "[unit]") {
  Contact contact = Person();
  contact.given_name = " ";
  contact.family_name = std::string(101, 'x');
  contact.email = "ada@ or her husband's";
  contact.mobile = "02 9374 4000, mornings";
  contact.e164 = "";
  const ContactEdit all = {.given_name = contact.given_name,
                           .family_name = contact.family_name,
                           .email = contact.email,
                           .mobile = contact.mobile};
  CHECK(Edit(contact, all, kAll)->empty());
  ContactEdit one = all;
  one.given_name = "Ada";
  CHECK(Edit(contact, one, kAll)->size() == 1);
  one.family_name = std::string(101, 'y');
  CHECK(ReasonOf(Edit(contact, one, kAll).status()) == "INVALID_REQUEST");
}

TEST_CASE("only what the organisation lets clients edit is edited", "[unit]") {
  Contact contact = Person();
  const auto refused = Edit(contact, {.email = "eve@example.com"}, {v1::GIVEN_NAME}).status();
  CHECK(ReasonOf(refused) == "FIELD_NOT_EDITABLE");
  CHECK(FactsOf(refused)["field"] == "EMAIL");
  // What is there already is no edit.
  CHECK(Edit(contact, {.email = "ada@example.com"}, {})->empty());
  CHECK(ReasonOf(Edit(contact, {.given_name = "\u200b"}, kAll).status()) == "INVALID_REQUEST");
}

TEST_CASE("where codes and links of another client go, that client alone says", "[unit]") {
  const CaseAccess ada = {.case_id = "deal-1", .contact_id = "ada"};
  const CaseAccess bob = {.case_id = "deal-1", .contact_id = "bob"};
  Contact contact = Person();
  for (const Portal portal : {Portal::kNotInvited, Portal::kRevoked}) {
    contact.portal = portal;
    CHECK(AllowedTo(bob, contact, kAll) == kAll);
  }
  for (const Portal portal : {Portal::kInvited, Portal::kActive}) {
    contact.portal = portal;
    CHECK(AllowedTo(ada, contact, kAll) == kAll);
    CHECK(AllowedTo(bob, contact, kAll) == ContactFields{v1::GIVEN_NAME, v1::FAMILY_NAME});
  }
}

TEST_CASE("[S1-8] a company has the basic part only", "[unit]") {
  Contact company = Person();
  company.type = ContactType::kCompany;
  company.family_name = "";
  CHECK(EditableFields(company, kAll) == ContactFields{v1::GIVEN_NAME, v1::EMAIL, v1::MOBILE});
  CHECK(EditableFields(Person(), kAll) == kAll);
  CHECK(EditableFields(Person(), {v1::EMAIL, v1::EMAIL}) == ContactFields{v1::EMAIL});
  CHECK(ReasonOf(Edit(company, {.family_name = "Ltd"}, kAll).status()) == "FIELD_NOT_EDITABLE");
  CHECK(Edit(company, {.given_name = "Analytical Engines"}, kAll)->size() == 1);
}

TEST_CASE("a contact's etag is of what clients see of it, and nothing else", "[unit]") {
  Contact contact = Person();
  const std::string etag = EtagOf(contact);
  contact.portal = Portal::kActive;
  contact.e164 = "";
  CHECK(EtagOf(contact) == etag);
  std::swap(contact.given_name, contact.family_name);
  CHECK(EtagOf(contact) != etag);
  contact = Person();
  contact.given_name = "AdaLovelace";
  contact.family_name = "";
  CHECK(EtagOf(contact) != etag);
}

struct ContactsFixture : Fixture {
  ContactStore contact_store{database.postgres(), outbox, store, case_file};
  ContactsHandler contacts{contact_store, case_file, gate, once};

  static Call As(const std::string& contact_id, Visibility visibility = Visibility::kAll) {
    return ClientCall({"deal", contact_id, "inv_1", visibility});
  }
  static v1::UpdatePortalContactRequest Rename(const std::string& contact_id,
                                               const std::string& family_name,
                                               const std::string& etag = "") {
    v1::UpdatePortalContactRequest request;
    request.set_case_id("deal");
    request.set_contact_id(contact_id);
    request.set_family_name(family_name);
    request.set_etag(etag);
    return request;
  }
  absl::Status Allow(const ContactFields& fields) {
    PortalSettings change;
    for (const v1::ContactField field : fields) change.add_editable_contact_fields(field);
    google::protobuf::FieldMask mask;
    mask.add_paths("editable_contact_fields");
    return settings
        .Update(change, mask, StaffCall(), [](const PortalSettings&) { return absl::OkStatus(); })
        .status();
  }
  v1::ListContactChangesResponse Changes() {
    v1::ListContactChangesRequest list;
    list.set_case_id("deal");
    return contacts.ListContactChanges(StaffCall(), list).value();
  }
};

TEST_CASE_METHOD(ContactsFixture, "[EZ-4] a client edits its data, and the CRM is told of it",
                 "[service]") {
  const auto put = Put("deal", "Smith");
  REQUIRE(put.ok());
  const auto edited =
      contacts.UpdatePortalContact(As("ada", Visibility::kOwn), Rename("ada", "King"));
  REQUIRE(edited.ok());
  CHECK(edited->family_name() == "King");
  CHECK(edited->self());
  CHECK(edited->editable_fields_size() == 3);
  CHECK(Get("deal")->contacts(0).family_name() == "King");
  CHECK(Get("deal")->etag() != put->etag());
  CHECK(Told("PublishEvent") == 1);
  CHECK(Told("FollowCase") == 1);
  const auto changes = Changes();
  REQUIRE(changes.changes_size() == 1);
  CHECK(changes.changes(0).field() == v1::FAMILY_NAME);
  CHECK(changes.changes(0).before().empty());
  CHECK(changes.changes(0).after() == "King");
  CHECK(changes.changes(0).by_contact_id() == "ada");

  SECTION("a CRM that puts what it read before is told, and one that does not is followed") {
    CHECK(ReasonOf(Put("deal", "Smith", put->etag()).status()) == "ETAG_MISMATCH");
    CHECK(Get("deal")->contacts(0).family_name() == "King");
    REQUIRE(Put("deal", "Smith").ok());
    CHECK(Get("deal")->contacts(0).family_name().empty());
    CHECK(ReasonOf(contacts.UpdatePortalContact(As("ada"), Rename("ada", "Byron", edited->etag()))
                       .status()) == "ETAG_MISMATCH");
  }
}

TEST_CASE_METHOD(ContactsFixture, "[CC-6] with everything seen, everybody's data may be edited",
                 "[service]") {
  REQUIRE(Put("deal", "Smith").ok());
  CHECK(contacts.UpdatePortalContact(As("ada"), Rename("bob", "Babbage")).ok());
  CHECK(Changes().changes(0).by_contact_id() == "ada");
  CHECK(Changes().changes(0).contact_id() == "bob");
  const auto own = As("ada", Visibility::kOwn);
  CHECK(ReasonOf(contacts.UpdatePortalContact(own, Rename("bob", "Eve")).status()) == "NOT_FOUND");
  CHECK(ReasonOf(contacts.UpdatePortalContact(As("ada"), Rename("eve", "Eve")).status()) ==
        "NOT_FOUND");
  CHECK(Get("deal")->contacts(1).family_name() == "Babbage");
}

TEST_CASE_METHOD(ContactsFixture, "what may be edited is the organisation's to say", "[service]") {
  REQUIRE(Put("deal", "Smith").ok());
  v1::UpdatePortalContactRequest mobile = Rename("ada", "");
  mobile.clear_family_name();
  mobile.set_mobile("0499 999 999");
  CHECK(ReasonOf(contacts.UpdatePortalContact(As("ada"), mobile).status()) == "FIELD_NOT_EDITABLE");
  REQUIRE(Allow({v1::MOBILE}).ok());
  CHECK(contacts.UpdatePortalContact(As("ada"), mobile)->mobile() == "0499 999 999");
  CHECK(Told("FollowCase") == 1);
  REQUIRE(Allow({}).ok());
  CHECK(ReasonOf(contacts.UpdatePortalContact(As("ada"), Rename("ada", "King")).status()) ==
        "FIELD_NOT_EDITABLE");
  pb::GetPortalCaseRequest get;
  get.set_case_id("deal");
  CHECK(handler.GetPortalCase(As("ada"), get)->contacts(0).editable_fields().empty());
}

TEST_CASE_METHOD(ContactsFixture, "of two edits at once by one etag one wins, and none is lost",
                 "[service]") {
  REQUIRE(Put("deal", "Smith").ok());
  for (int round = 0; round < 5; ++round) {
    const std::string name = std::to_string(round);
    pb::GetPortalCaseRequest get;
    get.set_case_id("deal");
    const std::string etag = handler.GetPortalCase(As("ada"), get)->contacts(0).etag();
    absl::Status one, other;
    std::thread thread([&] {
      one = contacts.UpdatePortalContact(As("ada"), Rename("ada", "one" + name, etag)).status();
    });
    other = contacts.UpdatePortalContact(As("bob"), Rename("ada", "other" + name, etag)).status();
    thread.join();
    CHECK(one.ok() != other.ok());
    CHECK(ReasonOf(one.ok() ? other : one) == "ETAG_MISMATCH");
    CHECK(Get("deal")->contacts(0).family_name() == (one.ok() ? "one" : "other") + name);
    database.Exec("UPDATE contact_change SET create_time = create_time - interval '11 minutes'");
  }
  CHECK(Changes().changes_size() == 5);
}

TEST_CASE_METHOD(ContactsFixture, "an edit of a case that is deleted meanwhile is refused, whole",
                 "[service]") {
  REQUIRE(Put("deal", "Smith").ok());
  REQUIRE(contacts.UpdatePortalContact(As("ada"), Rename("ada", "King")).ok());
  REQUIRE(Delete("deal").ok());
  CHECK(ReasonOf(contacts.UpdatePortalContact(As("ada"), Rename("ada", "Byron")).status()) ==
        "NOT_FOUND");
  CHECK(database.Exec("SELECT count(*) FROM contact_change")[0][0].as<int>() == 0);
  v1::ListContactChangesRequest list;
  list.set_case_id("deal");
  CHECK(ReasonOf(contacts.ListContactChanges(StaffCall(), list).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(ContactsFixture, "an edit that is repeated under its id is made once",
                 "[service]") {
  REQUIRE(Put("deal", "Smith").ok());
  v1::UpdatePortalContactRequest request = Rename("ada", "King");
  request.set_request_id("once");
  REQUIRE(contacts.UpdatePortalContact(As("ada"), request).ok());
  REQUIRE(contacts.UpdatePortalContact(As("ada"), Rename("ada", "Byron")).ok());
  CHECK(contacts.UpdatePortalContact(As("ada"), request)->family_name() == "King");
  CHECK(Get("deal")->contacts(0).family_name() == "Byron");
}

TEST_CASE_METHOD(ContactsFixture, "who changes a contact in a loop fills no history", "[service]") {
  REQUIRE(Put("deal", "Smith").ok());
  const auto rename = [&](const std::string& name) {
    REQUIRE(contacts.UpdatePortalContact(As("ada"), Rename("ada", name)).ok());
  };
  const auto told = [&] {
    std::string all;
    const auto changes = Changes();
    for (const auto& change : changes.changes()) {
      all += change.before() + ">" + change.after() + ";";
    }
    return all;
  };
  for (const char* name : {"K", "Ki", "King"}) rename(name);
  CHECK(told() == ">King;");
  database.Exec("UPDATE contact_change SET create_time = create_time - interval '11 minutes'");
  rename("Byron");
  CHECK(told() == "King>Byron;>King;");
  // What the CRM said in between does not get lost.
  REQUIRE(Put("deal", "Smith").ok());
  rename("King");
  CHECK(told() == ">King;King>Byron;>King;");
  database.Exec(
      "INSERT INTO contact_change (organisation_id, case_id, contact_id, field, before, after, "
      "by_contact_id) SELECT 'acme', 'deal', 'bob', 1, '', '', 'bob' FROM generate_series(1, 997)");
  database.Exec("UPDATE contact_change SET create_time = create_time - interval '11 minutes'");
  rename("Byron");
  CHECK(database.Exec("SELECT count(*) FROM contact_change")[0][0].as<int>() == 1000);
}

TEST_CASE("what a client types is bounded", "[unit]") {
  v1::UpdatePortalContactRequest request = ContactsFixture::Rename("ada", "King");
  CHECK(Validate(request).ok());
  request.set_family_name(std::string(501, 'x'));
  CHECK(ReasonOf(Validate(request)) == "INVALID_REQUEST");
}

}  // namespace
}  // namespace gatehouse::cases
