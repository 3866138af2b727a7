#include <atomic>
#include <thread>

#include "services/invitation/tests/fixture.h"

namespace gatehouse::invitation {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

TEST_CASE("a pending invitation expires by itself, an accepted one does not", "[unit]") {
  Invitation invitation;
  invitation.expire_time = kNow;
  CHECK(StateAt(invitation, kNow - absl::Seconds(1)) == State::kPending);
  CHECK(StateAt(invitation, kNow) == State::kExpired);
  CHECK_FALSE(IsLive(invitation, kNow));
  invitation.state = State::kAccepted;
  CHECK(StateAt(invitation, kNow) == State::kAccepted);
}

TEST_CASE("a link leads in while it lives, unless it was killed, used or its access revoked",
          "[unit]") {
  Invitation invitation;
  invitation.expire_time = kNow + absl::Hours(2);
  Link link;
  link.expire_time = kNow + absl::Hours(1);
  CHECK(LinkStateAt(link, invitation, kNow) == LinkState::kActive);
  CHECK(LinkStateAt(link, invitation, link.expire_time) == LinkState::kExpired);
  link.used_by = "chl_1";
  CHECK(LinkStateAt(link, invitation, kNow) == LinkState::kActive);
  link.single_use = true;
  CHECK(LinkStateAt(link, invitation, kNow) == LinkState::kUsed);
  invitation.state = State::kRevoked;
  CHECK(LinkStateAt(link, invitation, kNow) == LinkState::kRevoked);
  CHECK(ReasonOf(CheckLink(LinkState::kUsed)) == "LINK_USED");
}

TEST_CASE_METHOD(Fixture, "of ten who invite at once three win, and a contact is invited once",
                 "[service]") {
  std::atomic<int> made = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 10; ++i) {
    threads.emplace_back([&, i] {
      const auto created = Create("c" + std::to_string(i % 5));
      if (created.ok()) ++made;
      if (ReasonOf(created.status()) == "INVITATION_NOT_ALLOWED") ++refused;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(made == 3);
  CHECK(refused == 7);
  CHECK(store.List("acme", "deal-1", {}).value().size() == 3);
  CHECK(Rows("PublishEvent") == 3);
  CHECK(store.List("other", "deal-1", {}).value().empty());
}

TEST_CASE_METHOD(Fixture, "the index behind the lock refuses a contact's second live invitation",
                 "[service]") {
  REQUIRE(Create("c1").ok());
  CHECK_THROWS(database.Exec(
      "INSERT INTO invitation SELECT organisation_id, 'inv_x', case_id, contact_id, state, "
      "delivery, visibility, document_request_ids, contact_name, email, mobile, inviter_name, "
      "NULL, '', expire_time, create_time FROM invitation"));
}

TEST_CASE_METHOD(Fixture, "the first code goes out with an e-mail, where the policy says so",
                 "[service]") {
  REQUIRE(Create("c1", Delivery::kEmail).ok());
  CHECK(Rows("OfferChallenge") == 0);
  Policy change;
  change.set_send_code_with_invitation(true);
  change.set_email_code_to_owner(true);
  Set(change);
  const auto made = Create("c2", Delivery::kEmail);
  REQUIRE(made.ok());
  CHECK(Rows("OfferChallenge") == 1);
  const auto link = Create("c3");
  REQUIRE(link.ok());
  CHECK(Rows("OfferChallenge") == 1);
  directory.mirrored.owner_email = "olive@office.example";
  REQUIRE(sign_in.Start(TokenOf(*link)).ok());
  CHECK(directory.codes.back().owner_email == "olive@office.example");
  Asked text;
  REQUIRE(invitations.Resend("deal-1", made->invitation.invitation_id, text, StaffCall()).ok());
  CHECK(Rows("OfferChallenge") == 2);
}

TEST_CASE_METHOD(Fixture, "the same request_id gets the same invitation and link", "[service]") {
  const auto request = Invite("c1", "deal-1", "r1");
  const auto first = handler.CreateInvitation(StaffCall(), request);
  REQUIRE(first.ok());
  const auto again = handler.CreateInvitation(StaffCall(), request);
  REQUIRE(again.ok());
  CHECK(again->invitation_id() == first->invitation_id());
  CHECK(again->link() == first->link());
  CHECK(first->link().find("https://portal.acme.example/i#") == 0);

  SECTION("for as long as it is the same request") {
    for (const auto& other : {Invite("c2", "deal-1", "r1"), Invite("c1", "deal-2", "r1")}) {
      CHECK(ReasonOf(handler.CreateInvitation(StaffCall(), other).status()) == "REQUEST_ID_REUSED");
    }
    CHECK(store.List("acme", "deal-2", {})->empty());
  }
  SECTION("and so does the same link") {
    pb::CreateLinkRequest copy;
    copy.set_case_id("deal-1");
    copy.set_invitation_id(first->invitation_id());
    copy.set_request_id("r2");
    const auto link = handler.CreateLink(StaffCall(), copy);
    REQUIRE(link.ok());
    CHECK(handler.CreateLink(StaffCall(), copy)->link() == link->link());
    copy.set_request_id("r1");
    CHECK(ReasonOf(handler.CreateLink(StaffCall(), copy).status()) == "REQUEST_ID_REUSED");
    CHECK(store.ListLinks("acme", first->invitation_id())->size() == 2);
  }
}

TEST_CASE_METHOD(Fixture, "four times as many as there are connections may invite at once",
                 "[service]") {
  std::atomic<int> done = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 48; ++i) {
    threads.emplace_back([&, i] {
      const std::string case_id = "deal-" + std::to_string(i % 16);
      const auto made = handler.CreateInvitation(StaffCall(), Invite("c1", case_id, case_id));
      if (!made.ok()) return;
      if (invitations.CreateLink(case_id, made->invitation_id(), StaffCall()).ok()) ++done;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(done == 48);
  CHECK(database.Exec("SELECT FROM invitation").size() == 16);
}

TEST_CASE_METHOD(Fixture, "an invitation that is resent under R1, R2 and R1 is sent twice",
                 "[service]") {
  const auto made = Create("c1", Delivery::kEmail);
  REQUIRE(made.ok());
  pb::ResendInvitationRequest resend;
  resend.set_case_id("deal-1");
  resend.set_invitation_id(made->invitation.invitation_id);
  for (const char* id : {"R1", "R2", "R1"}) {
    resend.set_request_id(id);
    REQUIRE(handler.ResendInvitation(StaffCall(), resend).ok());
  }
  CHECK(Rows("SubmitMessage") == 3);
  int alive = 0;
  const std::vector<Link> links = *store.ListLinks("acme", made->invitation.invitation_id);
  for (const Link& link : links) alive += link.killed ? 0 : 1;
  CHECK(alive == 1);
}

TEST_CASE_METHOD(Fixture, "whose number has asked for no more SMS is not invited to codes by SMS",
                 "[service]") {
  directory.stopped = "+447700900123";
  CHECK(ReasonOf(Create("c1").status()) == "INVITATION_NOT_ALLOWED");
  directory.stopped.clear();
  CHECK(Create("c1").ok());
}

TEST_CASE_METHOD(Fixture, "who has fewer credits than one code costs invites nobody", "[service]") {
  directory.balance = 1;  // And a code costs two.
  CHECK(ReasonOf(Create("c1").status()) == "INVITATION_NOT_ALLOWED");
  CHECK(directory.priced == std::vector<std::string>{"https://portal.acme.example"});
  directory.balance = 2;
  CHECK(Create("c1").ok());
  directory.balance = 10;
  CHECK(Create("c2").ok());
  CHECK(directory.priced.size() == 2);
}

TEST_CASE_METHOD(Fixture, "validate_only and a refusal change nothing", "[service]") {
  Asked asked;
  asked.case_id = "deal-1";
  asked.contact_id = "c1";
  asked.validate_only = true;
  const auto checked = invitations.Create(asked, StaffCall());
  REQUIRE(checked.ok());
  CHECK(checked->invitation.invitation_id.empty());
  CHECK(checked->link.empty());
  asked.contact_id = "nobody";
  CHECK(ReasonOf(invitations.Create(asked, StaffCall()).status()) == "NOT_FOUND");
  asked.contact_id = "c1";
  asked.wording.body = "no link";
  CHECK(ReasonOf(invitations.Create(asked, StaffCall()).status()) == "TAG_MISSING");
  asked.wording.body = "{{link}} {{name}}";
  CHECK(ReasonOf(invitations.Create(asked, StaffCall()).status()) == "UNKNOWN_TAG");
  asked.wording.body = "";
  asked.document_request_ids = {"drq_2"};
  CHECK(ReasonOf(invitations.Create(asked, StaffCall()).status()) == "INVALID_REQUEST");
  CHECK(store.List("acme", "deal-1", {}).value().empty());
  CHECK(Rows("") == 0);
}

TEST_CASE_METHOD(Fixture, "an expired invitation makes room for the contact's next one",
                 "[service]") {
  const auto first = Create("c1");
  REQUIRE(first.ok());
  database.Exec("UPDATE invitation SET expire_time = now() - interval '1 second'");
  const auto second = Create("c1");
  REQUIRE(second.ok());
  CHECK(store.List("acme", "deal-1", {}).value().size() == 2);
  CHECK(StateOf(TokenOf(*first)) == LinkState::kExpired);
  CHECK(StateOf(TokenOf(*second)) == LinkState::kActive);
}

TEST_CASE_METHOD(Fixture, "resending kills the old links; copying leaves them alive", "[service]") {
  const auto made = Create("c1", Delivery::kEmail);
  REQUIRE(made.ok());
  const std::string& id = made->invitation.invitation_id;
  const auto copied = invitations.CreateLink("deal-1", id, StaffCall());
  REQUIRE(copied.ok());
  CHECK(StateOf(TokenIn(copied->link.Reveal())) == LinkState::kActive);
  CHECK(Rows("SetContactPortal") == 2);  // The contact counts as invited for longer.
  REQUIRE(invitations.Resend("deal-1", id, {}, StaffCall()).ok());
  CHECK(Rows("SubmitMessage") == 2);
  CHECK(StateOf(TokenIn(copied->link.Reveal())) == LinkState::kRevoked);
  for (int i = 0; i < 9; ++i) REQUIRE(invitations.CreateLink("deal-1", id, StaffCall()).ok());
  CHECK(ReasonOf(invitations.CreateLink("deal-1", id, StaffCall()).status()) ==
        "LINK_LIMIT_REACHED");
  CHECK(ReasonOf(invitations.CreateLink("deal-1", id, StaffCall("other")).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(Fixture, "a link that was handed out stays so when the invitation is sent again",
                 "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  const std::string& id = made->invitation.invitation_id;
  const auto again = invitations.Resend("deal-1", id, {}, StaffCall());
  REQUIRE(again.ok());
  CHECK(again->delivery == Delivery::kLinkOnly);
  CHECK(again->expire_time > made->invitation.expire_time);
  CHECK(Rows("SubmitMessage") == 0);
  CHECK(StateOf(TokenOf(*made)) == LinkState::kActive);

  SECTION("and lives again where its time was up") {
    RunOut();
    CHECK(StateOf(TokenOf(*made)) == LinkState::kExpired);
    CHECK(invitations.Resend("deal-1", id, {}, StaffCall())->state == State::kPending);
    CHECK(StateOf(TokenOf(*made)) == LinkState::kActive);
  }
}

TEST_CASE_METHOD(Fixture, "revoking an old invitation says nothing of the contact that has a newer",
                 "[service]") {
  const auto old = Create("c1");
  REQUIRE(old.ok());
  RunOut();
  const auto newer = Create("c1");
  REQUIRE(newer.ok());
  const int told = Rows("SetContactPortal");
  REQUIRE(invitations.Revoke("deal-1", old->invitation.invitation_id, StaffCall()).ok());
  CHECK(Rows("SetContactPortal") == told);
  CHECK(StateOf(TokenOf(*newer)) == LinkState::kActive);
  REQUIRE(invitations.Revoke("deal-1", newer->invitation.invitation_id, StaffCall()).ok());
  CHECK(Rows("SetContactPortal") == told + 1);
}

TEST_CASE_METHOD(Fixture, "who completes a sign-in after a newer invitation came is not inside",
                 "[service]") {
  const auto old = Create("c1");
  REQUIRE(old.ok());
  const Entry entry = EntryBy(*old);
  RunOut();
  SECTION("though an entry whose time ran out while the code was typed counts") {
    CHECK(invitations.Accept(entry).ok());
    CHECK(store.Get("acme", "deal-1", old->invitation.invitation_id)->state == State::kAccepted);
  }
  SECTION("once it was replaced") {
    REQUIRE(Create("c1").ok());
    CHECK(ReasonOf(invitations.Accept(entry)) == "LINK_EXPIRED");
    CHECK(directory.revoked == std::vector<std::string>{old->invitation.invitation_id});
  }
}

TEST_CASE_METHOD(Fixture, "the first entry accepts, later ones change nothing, revoking ends it",
                 "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  const std::string& id = made->invitation.invitation_id;
  REQUIRE(invitations.Accept(EntryBy(*made, "chl_1")).ok());
  REQUIRE(invitations.Accept(EntryBy(*made, "chl_2")).ok());
  CHECK(store.Get("acme", "deal-1", id)->state == State::kAccepted);
  CHECK(store.Get("acme", "deal-1", id)->accept_time.has_value());
  // Each of the two changes told cases once, its note with the contact's access.
  CHECK(Rows("SetContactPortal") == 2);
  CHECK(Rows("AddNote") == 0);
  CHECK(Rows("PublishEvent") == 2);
  CHECK(ReasonOf(invitations.Resend("deal-1", id, {}, StaffCall()).status()) ==
        "INVITATION_ACCEPTED");
  directory.answer = absl::UnavailableError("identity is away");
  CHECK(absl::IsUnavailable(invitations.Revoke("deal-1", id, StaffCall()).status()));
  directory.answer = absl::OkStatus();
  REQUIRE(invitations.Revoke("deal-1", id, StaffCall()).ok());
  CHECK(directory.revoked.size() == 2);
  CHECK(Rows("RevokeGrant") == 1);
  CHECK(StateOf(TokenOf(*made)) == LinkState::kRevoked);
  REQUIRE(Create("c1").ok());
}

TEST_CASE_METHOD(Fixture, "a single-use link serves one challenge, which may ask twice",
                 "[service]") {
  Policy change;
  change.set_single_use_links(true);
  Set(change);
  const auto made = Create("c1");
  REQUIRE(made.ok());
  REQUIRE(invitations.Accept(EntryBy(*made, "chl_1")).ok());
  CHECK(invitations.Accept(EntryBy(*made, "chl_1")).ok());
  CHECK(ReasonOf(invitations.Accept(EntryBy(*made, "chl_2"))) == "LINK_USED");
  CHECK(StateOf(TokenOf(*made)) == LinkState::kUsed);
}

}  // namespace
}  // namespace gatehouse::invitation
