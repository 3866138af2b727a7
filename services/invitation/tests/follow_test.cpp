#include "services/common/base/proto_time.h"
#include "services/invitation/tests/fixture.h"

namespace gatehouse::invitation {
namespace {

struct FollowFixture : Fixture {
  // Lets c1 accept its invitation.
  Made Entered() {
    const auto made = Create("c1");
    REQUIRE(made.ok());
    REQUIRE(invitations.Accept(EntryBy(*made)).ok());
    return *made;
  }
  ContactProfile& Contact(const std::string& id) {
    for (ContactProfile& contact : directory.mirrored.contacts) {
      if (contact.contact_id == id) return contact;
    }
    throw std::out_of_range(id);
  }
  void Remove(const std::string& id) {
    auto& contacts = directory.mirrored.contacts;
    contacts.erase(contacts.begin() + (&Contact(id) - contacts.data()));
  }
  absl::Status Follow(const std::string& organisation_id = "acme") {
    return invitations.Follow("deal-1", &directory.mirrored, ServiceCall(organisation_id));
  }
  Invitation Now(const Made& made) {
    return *store.Get("acme", "deal-1", made.invitation.invitation_id);
  }
};

TEST_CASE_METHOD(FollowFixture, "a contact that left the case has lost its access", "[service]") {
  const Made one = Entered();
  const auto other = Create("c2");
  REQUIRE(other.ok());
  Remove("c1");
  REQUIRE(Follow().ok());
  CHECK(Now(one).state == State::kRevoked);
  CHECK(StateOf(TokenOf(one)) == LinkState::kRevoked);
  CHECK(directory.revoked == std::vector<std::string>{one.invitation.invitation_id});
  CHECK(Rows("RevokeGrant") == 1);
  CHECK(Now(*other).state == State::kPending);

  SECTION("once") {
    REQUIRE(Follow().ok());
    CHECK(Rows("RevokeGrant") == 1);
  }
  SECTION("and is invited anew when it comes back") {
    directory.mirrored.contacts.push_back(
        {"c1", "Client", "client@example.com", "APPLICANT", "07700 900123", "+447700900123", true});
    REQUIRE(Follow().ok());
    CHECK(Now(one).state == State::kRevoked);
    const auto anew = Create("c1");
    REQUIRE(anew.ok());
    CHECK(StateOf(TokenOf(*anew)) == LinkState::kActive);
    CHECK(StateOf(TokenOf(one)) == LinkState::kRevoked);
  }
}

TEST_CASE_METHOD(FollowFixture, "a case that is gone has no access left, that of no other one",
                 "[service]") {
  const Made one = Entered();
  const auto other = Create("c2");
  REQUIRE(other.ok());
  REQUIRE(invitations.Follow("deal-1", nullptr, ServiceCall("other")).ok());
  REQUIRE(invitations.Follow("deal-2", nullptr, ServiceCall()).ok());
  CHECK(Now(one).state == State::kAccepted);
  REQUIRE(invitations.Follow("deal-1", nullptr, ServiceCall()).ok());
  CHECK(Now(one).state == State::kRevoked);
  CHECK(Now(*other).state == State::kRevoked);
}

TEST_CASE_METHOD(FollowFixture, "of a deleted case's invitations the next one has nothing",
                 "[service]") {
  const Made one = Entered();
  REQUIRE(invitations.Follow("deal-1", nullptr, ServiceCall()).ok());
  const std::string aside = "~1795983147000000~deal-1";
  REQUIRE(store.PutAside("other", "deal-1", aside, absl::Now()).ok());
  CHECK(Now(one).state == State::kRevoked);
  const absl::Time removed = absl::Now() + absl::Hours(1);
  REQUIRE(store.PutAside("acme", "deal-1", aside, removed - absl::Hours(2)).ok());
  CHECK(store.List("acme", "deal-1", {})->size() == 1);  // It is younger than that.
  REQUIRE(store.PutAside("acme", "deal-1", aside, removed).ok());
  CHECK(store.List("acme", "deal-1", {})->empty());
  CHECK(StateOf(TokenOf(one)) == LinkState::kRevoked);
  // Whoever is invited under the same ids is somebody else.
  REQUIRE(Create("c1").ok());
  CHECK(store.List("acme", "deal-1", {})->size() == 1);
}

TEST_CASE_METHOD(FollowFixture, "while identity is away the revocation is asked for again",
                 "[service]") {
  const Made one = Entered();
  Remove("c1");
  directory.answer = absl::UnavailableError("identity is away");
  CHECK(absl::IsUnavailable(Follow()));
  CHECK(Rows("RevokeGrant") == 1);
}

TEST_CASE_METHOD(FollowFixture, "a number corrected before the first entry is where the code goes",
                 "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  CHECK(sign_in.Open(TokenOf(*made))->masked_mobile == "•••• ••0 123");
  Contact("c1").e164 = "+447700900999";
  REQUIRE(Follow().ok());
  CHECK(sign_in.Open(TokenOf(*made))->masked_mobile == "•••• ••0 999");
  REQUIRE(sign_in.Start(TokenOf(*made)).ok());
  CHECK(directory.codes.back().invitation.mobile == "+447700900999");
  CHECK(Rows("RebindGrant") == 1);
  // Whose number it was by mistake is not written to.
  CHECK(Rows("SubmitMessage") == 0);
  CHECK(Now(*made).state == State::kPending);
}

TEST_CASE_METHOD(FollowFixture, "a number corrected after the entry ends what the old one opened",
                 "[service]") {
  const Made made = Entered();
  const int notes = Rows("AddNote");
  Contact("c1").e164 = "+447700900999";
  REQUIRE(Follow().ok());
  REQUIRE(Follow().ok());
  CHECK(Rows("RebindGrant") == 1);
  CHECK(Rows("SubmitMessage") == 1);
  CHECK(Rows("AddNote") == notes + 1);
  CHECK(Now(made).state == State::kAccepted);
  const auto link = invitations.CreateLink("deal-1", made.invitation.invitation_id, StaffCall());
  REQUIRE(link.ok());
  REQUIRE(sign_in.Start(link->link.Reveal()).ok());
  CHECK(directory.codes.back().invitation.mobile == "+447700900999");
}

TEST_CASE_METHOD(FollowFixture, "without a number there is no way in, until there is one",
                 "[service]") {
  const Made made = Entered();
  Contact("c1").e164 = "";
  REQUIRE(Follow().ok());
  const auto opened = sign_in.Open(TokenOf(made));
  CHECK(opened->state == LinkState::kActive);
  CHECK_FALSE(opened->takes_codes);
  CHECK(opened->masked_mobile.empty());
  CHECK(ReasonOf(sign_in.Start(TokenOf(made)).status()) == "MOBILE_MISSING");
  Contact("c1").e164 = "+447700900999";
  REQUIRE(Follow().ok());
  CHECK(sign_in.Start(TokenOf(made)).ok());
}

TEST_CASE_METHOD(FollowFixture, "a corrected address leads in from then on, and no other",
                 "[service]") {
  const Made made = Entered();
  const int notes = Rows("AddNote");
  Contact("c1").email = "ada@other.example";
  REQUIRE(Follow().ok());
  REQUIRE(Follow().ok());
  CHECK(Now(made).email == "ada@other.example");
  CHECK(Rows("RebindAddress") == 1);
  CHECK(Rows("AddNote") == notes + 1);
  // The phone is asked for behind the link.
  CHECK(StateOf(TokenOf(made)) == LinkState::kActive);
  Contact("c1").email = "ADA@other.example";  // The same mailbox.
  REQUIRE(Follow().ok());
  CHECK(Rows("RebindAddress") == 1);
}

TEST_CASE_METHOD(FollowFixture,
                 "where a link is all that is asked for, one in the old mailbox ends",
                 "[service]") {
  Policy change;
  change.set_password(pb::PASSWORD_ALONE);
  Set(change);
  const auto made = Create("c1");
  REQUIRE(made.ok());
  Contact("c1").email = "ada@other.example";
  REQUIRE(Follow().ok());
  CHECK(Rows("RebindAddress") == 1);
  CHECK(StateOf(TokenOf(*made)) == LinkState::kRevoked);
}

TEST_CASE_METHOD(FollowFixture, "a corrected name changes nothing of the access", "[service]") {
  const Made made = Entered();
  const int events = Rows("PublishEvent");
  const std::string email = Now(made).email;
  Contact("c1").name = "Ada";
  REQUIRE(Follow().ok());
  CHECK(Now(made).contact_name == "Ada");
  Contact("c1").name = "";
  Contact("c1").email = "none any more";
  REQUIRE(Follow().ok());
  CHECK(Now(made).contact_name == "Ada");
  CHECK(Now(made).email == email);
  CHECK(Rows("RebindGrant") == 0);
  CHECK(Rows("RebindAddress") == 0);
  CHECK(Rows("PublishEvent") == events);
}

TEST_CASE_METHOD(FollowFixture, "what cases says of its mirror is followed", "[service]") {
  const Made made = Entered();
  pb::FollowCaseRequest request;
  request.set_case_id("deal-1");
  request.set_actor_name("Sam Staff");
  cases::v1::Contact& contact = *request.mutable_mirror()->mutable_case_()->add_contacts();
  contact.set_contact_id("c1");
  (*request.mutable_mirror()->mutable_mobiles())["c1"] = "+447700900999";
  REQUIRE(handler.FollowCase(ServiceCall(), request).ok());
  CHECK(Now(made).mobile == "+447700900999");
  request.clear_mirror();
  REQUIRE(handler.FollowCase(ServiceCall(), request).ok());
  CHECK(Now(made).state == State::kRevoked);
}

}  // namespace
}  // namespace gatehouse::invitation
