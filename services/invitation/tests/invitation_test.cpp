#include <catch2/catch.hpp>
#include <thread>

#include "services/common/base/random.h"
#include "services/common/jobs/outbox.h"
#include "services/invitation/domain/preflight.h"
#include "services/invitation/expiry_job.h"
#include "services/invitation/invitations_handler.h"
#include "services/invitation/store/postgres_store.h"
#include "tests/support/calls.h"
#include "tests/support/test_database.h"

namespace gatehouse::invitation {
extern const std::vector<Migration> kMigrations;
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

TEST_CASE("the region says which documents must be there, and the policy overrules it", "[unit]") {
  CHECK(PolicyOf({}, "AU").required_labels ==
        std::vector<std::string>{"Credit guide", "Privacy disclosure"});
  CHECK(PolicyOf({}, "NZ").required_labels.size() == 3);
  CHECK(PolicyOf({}, "GB").required_labels.empty());
  PolicyChanges none;
  none.required_labels = std::vector<std::string>();
  CHECK(PolicyOf(none, "AU").required_labels.empty());
}

std::vector<std::string> TypesOf(const std::vector<Violation>& violations) {
  std::vector<std::string> types;
  for (const Violation& violation : violations) types.push_back(violation.type);
  return types;
}

TEST_CASE("every unmet condition is told at once", "[unit]") {
  ContactProfile contact;
  contact.contact_id = "ada";
  contact.role = "FRIEND";
  const Policy policy = PolicyOf({}, "AU");
  CHECK(TypesOf(Preflight(contact, {}, {}, {}, policy)) ==
        std::vector<std::string>{"CONTACT_NAME_MISSING", "CONTACT_EMAIL_MISSING",
                                 "CONTACT_MOBILE_MISSING", "ROLE_NOT_ELIGIBLE",
                                 "SMS_NOT_CONFIGURED", "LABELLED_DOCUMENT_MISSING",
                                 "LABELLED_DOCUMENT_MISSING"});
  contact = {"ada", "Ada", "ada@", "APPLICANT", "12", "", true};
  CaseDocuments labelled;
  labelled.labels = policy.required_labels;
  CHECK(TypesOf(Preflight(contact, {}, labelled, {true, 0}, policy)) ==
        std::vector<std::string>{"CONTACT_EMAIL_INVALID", "CONTACT_MOBILE_INVALID",
                                 "SMS_CREDITS_EXHAUSTED"});
  contact = {"ada", "Ada", "ada@example.com", "APPLICANT", "+61412345678", "+61412345678", true};
  CaseProfile own;
  own.owner_e164 = "+61412345678";
  Policy disclosing = policy;
  disclosing.require_privacy_disclosure = true;
  CHECK(TypesOf(Preflight(contact, own, labelled, {true, 1}, disclosing)) ==
        std::vector<std::string>{"PRIVACY_DISCLOSURE_MISSING", "SHARED_WITH_SELF"});
  CHECK(TypesOf(Preflight(contact, {}, labelled, {true, 1, contact.e164}, policy)) ==
        std::vector<std::string>{"SHARED_WITH_SELF"});
  contact.is_person = false;
  CHECK(TypesOf(Preflight(contact, {}, labelled, {true, 1}, policy)) ==
        std::vector<std::string>{"ROLE_NOT_ELIGIBLE"});
}

class FakeDirectory : public Directory {
 public:
  absl::StatusOr<OrganisationProfile> LookUpOrganisation(const std::string&) override {
    return OrganisationProfile{"Acme", "GB", "Europe/London", "https://portal.acme.example"};
  }
  absl::StatusOr<OrganisationProfile> RecallOrganisation(const std::string& id) override {
    return LookUpOrganisation(id);
  }
  absl::StatusOr<CaseProfile> LookUpCase(const std::string&, const std::string&) override {
    CaseProfile profile = {"Smith purchase", "Olive Owner", "+447700900000", "", {}};
    for (int i = 0; i < 20; ++i) {
      profile.contacts.push_back({"c" + std::to_string(i), "Client", "client@example.com",
                                  "APPLICANT", "07700 900123", "+447700900123", true});
    }
    return profile;
  }
  absl::StatusOr<CaseDocuments> LookUpDocuments(const std::string&, const std::string&) override {
    return CaseDocuments{{}, {"drq_1"}};
  }
  absl::StatusOr<SmsStatus> CheckSms(const std::string&) override { return SmsStatus{true, 10}; }
  absl::StatusOr<std::map<std::string, DeliveryState>> LookUpMessages(
      const std::string&, const std::vector<std::string>&) override {
    return std::map<std::string, DeliveryState>{};
  }
  absl::StatusOr<StartedChallenge> StartChallenge(const CodeRequest&) override {
    return StartedChallenge{};
  }
  absl::Status RevokeGrant(const Invitation& invitation, const Call&) override {
    revoked.push_back(invitation.invitation_id);
    return answer;
  }
  absl::Status UnlockSignIn(const Invitation&, const Call&) override { return absl::OkStatus(); }
  std::vector<std::string> revoked;
  absl::Status answer;
};

class FakeClock : public Clock {
 public:
  absl::Time Now() const override { return absl::Now() + ahead; }
  absl::Duration ahead;
};

struct Fixture {
  TestDatabase database{"invitation", WithCommon(kMigrations)};
  // Nobody is there to be told: what is to be told stays in the outbox, where the test looks.
  Outbox outbox{database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}}};
  PostgresStore store{database.postgres(), outbox};
  FakeDirectory directory;
  FakeClock clock;
  Invitations invitations{store, directory, Secret(RandomBytes(32)), clock};

  absl::StatusOr<Made> Create(const std::string& contact, const std::string& request_id = "",
                              Delivery delivery = Delivery::kLinkOnly) {
    Asked asked;
    asked.case_id = "deal-1";
    asked.contact_id = contact;
    asked.delivery = delivery;
    asked.request_id = request_id;
    return invitations.Create(asked, StaffCall());
  }
  static std::string TokenOf(const Made& made) {
    return made.link.Reveal().substr(made.link.Reveal().find('#') + 1);
  }
  LinkState StateOf(const std::string& token) {
    const auto found = store.FindLink(Invitations::HashOf(token));
    REQUIRE(found.ok());
    return LinkStateAt(found->link, found->invitation, clock.Now());
  }
  int Rows(const std::string& method) {
    return database.Exec("SELECT count(*) FROM job WHERE kind LIKE '%" + method + "'")[0][0]
        .as<int>();
  }
};

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

TEST_CASE_METHOD(Fixture, "four times as many as there are connections may invite at once",
                 "[service]") {
  std::atomic<int> done = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 48; ++i) {
    threads.emplace_back([&, i] {
      Asked asked;
      asked.case_id = "deal-" + std::to_string(i % 16);
      asked.contact_id = "c1";
      asked.delivery = Delivery::kLinkOnly;
      asked.request_id = asked.case_id;
      // Those that come second look their first one's links up under the case's lock.
      const auto made = invitations.Create(asked, StaffCall());
      if (!made.ok()) return;
      const auto& invitation = made->invitation;
      if (invitations.CreateLink(invitation.case_id, invitation.invitation_id, StaffCall()).ok()) {
        ++done;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(done == 48);
}

TEST_CASE_METHOD(Fixture,
                 "whose clock is ahead of the database's replaces what is expired by its own",
                 "[service]") {
  const auto first = Create("c1");
  REQUIRE(first.ok());
  clock.ahead = first->invitation.expire_time - absl::Now() + absl::Minutes(1);
  CHECK(Create("c1").status() == absl::OkStatus());
  CHECK(Create("c2").ok());
}

TEST_CASE_METHOD(Fixture, "that an invitation has expired is said when it happens, once",
                 "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  const auto& invitation = made->invitation;
  const auto due = database.Exec("SELECT due_time FROM job WHERE kind = 'invitation.expiry'");
  REQUIRE(due.size() == 1);
  CHECK(TimeFromSql(due[0][0]) - invitation.expire_time < absl::Milliseconds(1));
  const auto look = [&] {
    absl::Status outcome = absl::UnknownError("not called");
    Job job;
    job.organisation_id = "acme";
    job.payload = invitation.invitation_id + "\ndeal-1";
    ExpiryWork(store, clock)(job, [&](absl::Status status) { outcome = std::move(status); });
    return outcome;
  };
  const auto said = [&] { return Rows("PublishEvent") - 1; };
  SECTION("not before its time") {
    CHECK(look().ok());
    CHECK(said() == 0);
  }
  SECTION("once more, where the clock of whoever looks is a little behind") {
    clock.ahead = invitation.expire_time - absl::Now() - absl::Seconds(10);
    CHECK(absl::IsUnavailable(look()));
  }
  SECTION("at its time, and it stays what it is") {
    clock.ahead = invitation.expire_time - absl::Now() + absl::Seconds(10);
    CHECK(look().ok());
    CHECK(said() == 1);
    const auto kept = store.Get("acme", "deal-1", invitation.invitation_id);
    CHECK(kept->state == State::kPending);
    // That adds no further look.
    CHECK(Rows("invitation.expiry") == 1);
  }
  SECTION("not where it was revoked meanwhile") {
    REQUIRE(invitations.Revoke("deal-1", invitation.invitation_id, StaffCall()).ok());
    clock.ahead = invitation.expire_time - absl::Now() + absl::Seconds(10);
    CHECK(look().ok());
    CHECK(said() == 1);  // That it was revoked.
  }
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
  REQUIRE(Create("c1", "", Delivery::kEmail).ok());
  CHECK(Rows("OfferChallenge") == 0);
  PolicyChanges changes;
  changes.send_code_with_invitation = true;
  changes.email_code_to_owner = true;
  REQUIRE(store.SetPolicy("acme", changes).ok());
  CHECK(store.GetPolicy("acme")->email_code_to_owner == true);
  const auto made = Create("c2", "", Delivery::kEmail);
  REQUIRE(made.ok());
  CHECK(Rows("OfferChallenge") == 1);
  const auto link = Create("c3");
  REQUIRE(link.ok());
  CHECK(Rows("OfferChallenge") == 1);
  CHECK(store.FindLink(Invitations::HashOf(TokenOf(*link)))->email_code_to_owner);
  Asked text;
  REQUIRE(invitations.Resend("deal-1", made->invitation.invitation_id, text, StaffCall()).ok());
  CHECK(Rows("OfferChallenge") == 2);
}

TEST_CASE_METHOD(Fixture, "the same request_id gets the same invitation and link", "[service]") {
  const auto first = Create("c1", "r1");
  REQUIRE(first.ok());
  const auto again = Create("c1", "r1");
  REQUIRE(again.ok());
  CHECK(again->invitation.invitation_id == first->invitation.invitation_id);
  CHECK(again->link.Reveal() == first->link.Reveal());
  CHECK(first->link.Reveal().find("https://portal.acme.example/i#") == 0);
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
  asked.body = "no link";
  CHECK(ReasonOf(invitations.Create(asked, StaffCall()).status()) == "TAG_MISSING");
  asked.body = "{{link}} {{name}}";
  CHECK(ReasonOf(invitations.Create(asked, StaffCall()).status()) == "UNKNOWN_TAG");
  asked.body = "";
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
  const auto made = Create("c1");
  REQUIRE(made.ok());
  const std::string& id = made->invitation.invitation_id;
  const auto copied = invitations.CreateLink("deal-1", id, StaffCall());
  REQUIRE(copied.ok());
  CHECK(StateOf(TokenOf(*made)) == LinkState::kActive);
  CHECK(Rows("SetContactPortal") == 2);  // The contact counts as invited for longer.
  Asked text;
  text.request_id = "once";
  REQUIRE(invitations.Resend("deal-1", id, text, StaffCall()).ok());
  REQUIRE(invitations.Resend("deal-1", id, text, StaffCall()).ok());
  CHECK(Rows("SubmitMessage") == 1);
  CHECK(StateOf(TokenOf(*made)) == LinkState::kRevoked);
  for (int i = 0; i < 9; ++i) REQUIRE(invitations.CreateLink("deal-1", id, StaffCall()).ok());
  CHECK(ReasonOf(invitations.CreateLink("deal-1", id, StaffCall()).status()) ==
        "LINK_LIMIT_REACHED");
  CHECK(ReasonOf(invitations.CreateLink("deal-1", id, StaffCall("other")).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(Fixture, "the first entry accepts, later ones change nothing, revoking ends it",
                 "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  const auto link = store.FindLink(Invitations::HashOf(TokenOf(*made)));
  const std::string& id = made->invitation.invitation_id;
  REQUIRE(invitations.Accept("acme", link->link.link_id, "chl_1").ok());
  REQUIRE(invitations.Accept("acme", link->link.link_id, "chl_2").ok());
  CHECK(store.Get("acme", "deal-1", id)->state == State::kAccepted);
  CHECK(Rows("AddNote") == 2);
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
  PolicyChanges changes;
  changes.single_use_links = true;
  REQUIRE(store.SetPolicy("acme", changes).ok());
  const auto made = Create("c1");
  REQUIRE(made.ok());
  const auto link = store.FindLink(Invitations::HashOf(TokenOf(*made)));
  REQUIRE(invitations.Accept("acme", link->link.link_id, "chl_1").ok());
  CHECK(invitations.Accept("acme", link->link.link_id, "chl_1").ok());
  CHECK(ReasonOf(invitations.Accept("acme", link->link.link_id, "chl_2")) == "LINK_USED");
  CHECK(StateOf(TokenOf(*made)) == LinkState::kUsed);
}

TEST_CASE_METHOD(Fixture, "a policy's field goes back to its default when it is named and not set",
                 "[service]") {
  InvitationsHandler handler(invitations, store, directory, clock);
  pb::UpdatePolicyRequest request;
  request.mutable_policy()->set_max_invitations_per_case(5);
  request.mutable_policy()->add_eligible_roles("BUYER \"x\"");
  REQUIRE(handler.UpdatePolicy(StaffCall(), request).ok());
  CHECK(handler.GetPolicy(StaffCall(), {})->max_invitations_per_case() == 5);
  CHECK(handler.GetPolicy(StaffCall(), {})->eligible_roles(0) == "BUYER \"x\"");
  CHECK(handler.GetPolicy(StaffCall("other"), {})->max_invitations_per_case() == 3);
  request.mutable_policy()->Clear();
  request.mutable_update_mask()->add_paths("max_invitations_per_case");
  CHECK(handler.UpdatePolicy(StaffCall(), request)->max_invitations_per_case() == 3);
  request.mutable_update_mask()->add_paths("nonsense");
  CHECK(ReasonOf(handler.UpdatePolicy(StaffCall(), request).status()) == "INVALID_REQUEST");
  request.mutable_update_mask()->Clear();
  request.mutable_policy()->mutable_link_ttl()->set_seconds(10);
  CHECK(ReasonOf(handler.UpdatePolicy(StaffCall(), request).status()) == "INVALID_REQUEST");
}

}  // namespace
}  // namespace gatehouse::invitation
