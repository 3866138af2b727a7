#pragma once

#include <catch2/catch.hpp>
#include <functional>

#include "services/common/base/random.h"
#include "services/common/jobs/outbox.h"
#include "services/invitation/domain/preflight.h"
#include "services/invitation/domain/sign_in.h"
#include "services/invitation/invitations_handler.h"
#include "services/invitation/store/postgres_store.h"
#include "tests/support/calls.h"
#include "tests/support/test_database.h"

namespace gatehouse::invitation {

extern const std::vector<Migration> kMigrations;

class FakeDirectory : public Directory {
 public:
  FakeDirectory() {
    for (int i = 0; i < 20; ++i) {
      mirrored.contacts.push_back({"c" + std::to_string(i), "Client", "client@example.com",
                                   "APPLICANT", "07700 900123", "+447700900123", true});
    }
  }
  absl::StatusOr<OrganisationProfile> LookUpOrganisation(const std::string&) override {
    return OrganisationProfile{
        .display_name = "Acme",
        .region = "GB",
        .time_zone = "Europe/London",
        .portal_url = "https://portal.acme.example",
        .portal_urls = {"https://portal.acme.example", "https://staging.acme.example/au"}};
  }
  absl::StatusOr<OrganisationProfile> RecallOrganisation(const std::string& id) override {
    return LookUpOrganisation(id);
  }
  absl::StatusOr<std::vector<std::string>> FindPortal(const std::string& portal_url) override {
    const auto found = portal_owners.find(portal_url);
    return found == portal_owners.end() ? std::vector<std::string>() : found->second;
  }
  absl::StatusOr<CaseProfile> LookUpCase(const std::string&, const std::string&) override {
    return mirrored;
  }
  absl::StatusOr<Facts> LookUpFacts(const std::string& id, const std::string&) override {
    return Facts{*LookUpOrganisation(id), mirrored, {{}, {"drq_1"}, {}}, {true, balance}};
  }
  absl::StatusOr<int> PriceOfCode(const std::string&, const std::string&,
                                  const std::string& portal_url) override {
    priced.push_back(portal_url);
    return 2;
  }
  absl::StatusOr<SmsStatus> LookUpNumber(const std::string&, const std::string& e164,
                                         SmsStatus sms) override {
    sms.stopped = e164 == stopped;
    return sms;
  }
  std::string stopped;  // The number that has asked for no more SMS.
  absl::Status CheckWording(const std::string&, const Wording& wording) override {
    wordings.push_back(wording);
    return worded;
  }
  absl::Status CheckFlows(const std::string&, const std::vector<std::string>& flow_ids) override {
    flows.insert(flows.end(), flow_ids.begin(), flow_ids.end());
    return flows_known;
  }
  absl::StatusOr<std::map<std::string, DeliveryState>> LookUpMessages(
      const std::string&, const std::vector<std::string>&) override {
    return messages;
  }
  absl::StatusOr<StartedChallenge> StartChallenge(const CodeRequest& request) override {
    codes.push_back(request);
    return StartedChallenge{};
  }
  absl::StatusOr<StartedChallenge> ResendChallenge(const std::string& challenge_id) override {
    return StartedChallenge{challenge_id, absl::FromUnixSeconds(2), absl::FromUnixSeconds(1)};
  }
  absl::StatusOr<Entered> VerifyChallenge(const v1::VerifySignInRequest& proof) override {
    proofs.push_back(proof);
    return entered;
  }
  absl::StatusOr<Entered> EnterByLink(const CodeRequest& link, const Secret&, const Secret&,
                                      const std::string& proof_id) override {
    codes.push_back(link);
    if (meanwhile) meanwhile();
    if (entered.ok()) entered->entry.challenge_id = proof_id;
    return entered;
  }
  absl::StatusOr<PasswordStanding> LookUpPassword(const std::string&, const std::string&,
                                                  const std::string&, const std::string&) override {
    return standing;
  }
  absl::StatusOr<PasswordEntry> EnterByPassword(const std::string&, const CodeRequest* link,
                                                const PasswordAttempt& attempt) override {
    passwords.push_back(attempt);
    if (link != nullptr) codes.push_back(*link);
    return password_entry;
  }
  absl::Status RequestPasswordReset(const std::string&,
                                    const ForgottenPassword& forgotten) override {
    forgot.push_back(forgotten);
    return absl::OkStatus();
  }
  absl::Status ResetPassword(const std::string&, const NewPassword& new_password) override {
    chosen.push_back(new_password);
    return absl::OkStatus();
  }
  absl::Status ChangePassword(const std::string&, const ChangedPassword& change) override {
    changed.push_back(change);
    return absl::OkStatus();
  }
  absl::StatusOr<Entered> RecoverChallenge(const std::string& challenge_id, const Secret& code,
                                           const Secret&) override {
    recovered.push_back(challenge_id + " " + code.Reveal());
    return entered;
  }
  absl::Status ResetFactors(const Invitation& invitation, const std::string& organisation_name,
                            const Call&) override {
    reset.push_back(invitation.contact_id + " " + organisation_name);
    return answer;
  }
  absl::StatusOr<bool> HasPasskey(const Invitation&, const std::string& portal_url) override {
    portals.push_back(portal_url);
    return has_passkey;
  }
  absl::StatusOr<identity::v1::PasskeyCreation> BeginPasskey(const std::string&,
                                                             const NewPasskey& wanted) override {
    new_passkeys.push_back(wanted);
    return identity::v1::PasskeyCreation();
  }
  absl::StatusOr<identity::v1::PasskeyChallenge> StartPasskey(
      const std::string&, const CodeRequest* link, const std::string& portal_url) override {
    if (link != nullptr) codes.push_back(*link);
    portals.push_back(portal_url);
    return identity::v1::PasskeyChallenge();
  }
  absl::StatusOr<Entered> VerifyPasskey(const v1::VerifyPasskeySignInRequest& proof) override {
    passkey_proofs.push_back(proof.challenge_id());
    return entered;
  }
  absl::Status RevokeGrant(const Invitation& invitation, const Call&) override {
    revoked.push_back(invitation.invitation_id);
    return answer;
  }
  absl::Status UnlockSignIn(const Invitation& invitation, const Call&) override {
    unlocked.push_back(invitation.invitation_id);
    return absl::OkStatus();
  }
  std::function<void()> meanwhile;  // While a client enters by a link.
  std::vector<std::string> recovered, reset, portals, passkey_proofs;
  bool has_passkey = false;
  std::map<std::string, std::vector<std::string>> portal_owners = {
      {"https://portal.acme.example", {"acme"}}};
  std::vector<NewPasskey> new_passkeys;
  PasswordStanding standing = PasswordStanding::kNone;
  std::vector<PasswordAttempt> passwords;
  absl::StatusOr<PasswordEntry> password_entry = StartedChallenge{"chl_2"};
  std::vector<ForgottenPassword> forgot;
  std::vector<NewPassword> chosen;
  std::vector<ChangedPassword> changed;
  CaseProfile mirrored = {
      .display_name = "Smith purchase", .owner_name = "Olive Owner", .owner_e164 = "+447700900000"};
  int64_t balance = 10;
  std::vector<std::string> priced;
  std::vector<CodeRequest> codes;
  std::vector<v1::VerifySignInRequest> proofs;
  absl::StatusOr<Entered> entered = absl::UnavailableError("identity is away");
  std::vector<std::string> revoked, unlocked;
  absl::StatusOr<std::map<std::string, DeliveryState>> messages =
      std::map<std::string, DeliveryState>();
  absl::Status answer;
  std::vector<std::string> flows;
  absl::Status flows_known;  // What cases says of them.
  std::vector<Wording> wordings;
  absl::Status worded;  // What notification says of them.
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
  Settings<Policy> policies{database.postgres(), outbox};
  PostgresStore store{database.postgres(), outbox, policies};
  FakeDirectory directory;
  FakeClock clock;
  Invitations invitations{store, directory, Secret(RandomBytes(32)), clock};
  SignIn sign_in{store, directory, invitations, clock};
  Once once{database.postgres(), Secret(RandomBytes(32))};
  InvitationsHandler handler{invitations, policies, store, directory, once, clock};

  absl::StatusOr<Made> Create(const std::string& contact, Delivery delivery = Delivery::kLinkOnly) {
    Asked asked;
    asked.case_id = "deal-1";
    asked.contact_id = contact;
    asked.delivery = delivery;
    return invitations.Create(asked, StaffCall());
  }
  static std::string TokenOf(const Made& made) {
    return made.link.Reveal().substr(made.link.Reveal().find('#') + 1);
  }
  // Who has just passed this challenge by the invitation's link.
  Entry EntryBy(const Made& made, const std::string& challenge_id = "chl_1") {
    const auto found = store.FindLink(Invitations::HashOf(TokenOf(made)));
    REQUIRE(found.ok());
    return {.organisation_id = found->invitation.organisation_id,
            .case_id = found->invitation.case_id,
            .invitation_id = found->invitation.invitation_id,
            .link_id = found->link.link_id,
            .challenge_id = challenge_id,
            .link_serves_many = !found->link.single_use};
  }
  LinkState StateOf(const std::string& token) {
    const auto found = store.FindLink(Invitations::HashOf(token));
    REQUIRE(found.ok());
    return LinkStateAt(found->link, found->invitation, clock.Now());
  }
  // What staff send to invite a contact.
  static pb::CreateInvitationRequest Invite(const std::string& contact, const std::string& case_id,
                                            const std::string& request_id) {
    pb::CreateInvitationRequest request;
    request.set_case_id(case_id);
    request.set_contact_id(contact);
    request.set_delivery(pb::LINK_ONLY);
    request.set_request_id(request_id);
    return request;
  }
  // Changes the policy, as staff do.
  void Set(const Policy& change) {
    pb::UpdatePolicyRequest request;
    *request.mutable_policy() = change;
    REQUIRE(handler.UpdatePolicy(StaffCall(), request).ok());
  }
  // Lets the time of all invitations and links pass.
  void RunOut() {
    for (const char* table : {"invitation", "link"}) {
      database.Exec(std::string("UPDATE ") + table + " SET expire_time = now() - interval '1 s'");
    }
  }
  // How many calls of an RPC wait to be delivered.
  int Rows(const std::string& method) {
    return database.Exec("SELECT count(*) FROM job WHERE kind LIKE '%" + method + "'")[0][0]
        .as<int>();
  }
};

}  // namespace gatehouse::invitation
