#include "services/common/text/sandbox.h"

#include "services/identity/passwords/tests/fixture.h"

// Organisations that are sandboxes: what is easier there, and that nothing is elsewhere.

namespace gatehouse::identity {
namespace {

constexpr char kSandbox[] = "sandbox-acme";

struct Sandbox : PasswordFixture {
  Sandbox() { REQUIRE(Made(kSandbox, true).ok()); }

  absl::StatusOr<pb::CreateOrganisationResponse> Made(const std::string& id, bool sandbox) {
    pb::CreateOrganisationRequest request;
    request.set_organisation_id(id);
    request.set_display_name("Acme");
    request.set_region("AU");
    request.set_time_zone("Australia/Sydney");
    request.set_portal_url("https://portal.acme.example");
    request.set_sandbox(sandbox);
    return handler.CreateOrganisation(StaffCall(""), request);
  }
  // A client of this organisation, by a number of its own in it.
  Subject Client(const std::string& organisation, const std::string& mobile = "+61412345678") {
    Subject subject = Ada("lnk_1", mobile);
    subject.organisation_id = organisation;
    return subject;
  }
  std::string Start(const Subject& subject) {
    const auto started = challenges.Start(subject, ServiceCall(subject.organisation_id));
    INFO(started.status().ToString());
    REQUIRE(started.ok());
    return started->challenge_id;
  }
  std::string WhyNot(const std::string& challenge_id, const std::string& code) {
    return ReasonOf(Verify(challenge_id, code).status());
  }
};

TEST_CASE_METHOD(Sandbox, "what it is, an organisation is by its id, and for good", "[service]") {
  CHECK(ReasonOf(Made("sandbox-2", false).status()) == "INVALID_REQUEST");
  CHECK(ReasonOf(Made("office", true).status()) == "INVALID_REQUEST");
  CHECK(Made("sandbox-3", true)->organisation().sandbox());
  CHECK_FALSE(Made("office", false)->organisation().sandbox());
  CHECK(handler.GetOrganisation(StaffCall(kSandbox), {})->sandbox());
  CHECK_FALSE(handler.GetOrganisation(StaffCall("acme"), {})->sandbox());
  // No update concerns it.
  pb::UpdateOrganisationRequest update;
  update.mutable_update_mask()->add_paths("sandbox");
  CHECK(ReasonOf(handler.UpdateOrganisation(StaffCall(kSandbox), update).status()) ==
        "INVALID_REQUEST");
}

TEST_CASE_METHOD(Sandbox, "in a sandbox each code is the one that everybody knows", "[service]") {
  const std::string id = Start(Client(kSandbox));
  CHECK(messenger.codes.back() == kSandboxCode);
  CHECK(WhyNot(id, "123456") == "CODE_WRONG");
  const auto entered = Verify(id, kSandboxCode);
  REQUIRE(entered.ok());
  CHECK(As(entered->token.Reveal()).caller.organisation_id == kSandbox);
  SECTION("by e-mail, too") {
    Subject by_email = Client(kSandbox);
    by_email.method = SignInMethod::kEmailCode;
    const std::string next = Start(by_email);
    RunLater();
    CHECK(messenger.codes.back() == kSandboxCode);
    CHECK(Verify(next, kSandboxCode).ok());
  }
  SECTION("and locks and tries are as anywhere") {
    clock.ahead += absl::Minutes(11);
    const std::string next = Start(Client(kSandbox));
    for (int i = 0; i < kTries; ++i) CHECK(WhyNot(next, "123456") == "CODE_WRONG");
    CHECK(WhyNot(next, kSandboxCode) == "CHALLENGE_LOCKED");
  }
}

TEST_CASE_METHOD(Sandbox, "to a number for wrong codes no code is right", "[service]") {
  const std::string id = Start(Client(kSandbox, "+61412340003"));
  CHECK(messenger.codes.back() == kSandboxCode);
  CHECK(WhyNot(id, kSandboxCode) == "CODE_WRONG");
}

TEST_CASE_METHOD(Sandbox, "in no other organisation that code is anything", "[service]") {
  for (const char* organisation : {"acme", "my-sandbox-1"}) {
    if (organisation != std::string("acme")) REQUIRE(Made(organisation, false).ok());
    for (const char* mobile : {"+61412345678", "+61412340001", "+61412340003"}) {
      INFO(organisation << " " << mobile);
      const std::string id = Start(Client(organisation, mobile));
      const std::string code = messenger.codes.back();
      if (code == kSandboxCode) continue;  // One in a million is.
      CHECK(WhyNot(id, kSandboxCode) == "CODE_WRONG");
      CHECK(Verify(id, code).ok());  // And the number means nothing there.
    }
  }
  // A challenge of a sandbox opens nothing of another organisation's.
  const std::string id = Start(Client(kSandbox));
  const auto entered = Verify(id, kSandboxCode);
  REQUIRE(entered.ok());
  CHECK(Count("session WHERE organisation_id = 'acme'") == 3);
}

TEST_CASE_METHOD(Sandbox, "a sandbox uses up nobody's limit of codes to a number", "[service]") {
  for (int i = 0; i < 4; ++i) {
    const std::string other = "sandbox-" + std::to_string(i);
    REQUIRE(Made(other, true).ok());
    for (int n = 0; n < kCodesAnHour; ++n) {
      Subject subject = Client(other);
      subject.link_id = "lnk_" + std::to_string(n);
      Call from = ServiceCall(other);
      from.client_address = "";
      REQUIRE(challenges.Start(subject, from).ok());
    }
  }
  REQUIRE(4 * kCodesAnHour < kCodesADayByAll);
  int sent = 0;
  for (int office = 0; office < 6; ++office) {
    const std::string id = "office-" + std::to_string(office);
    REQUIRE(Made(id, false).ok());
    for (int n = 0; n < kCodesAnHour; ++n) {
      Subject subject = Client(id);
      subject.link_id = "lnk_" + std::to_string(n);
      Call from = ServiceCall(id);
      from.client_address = "";
      sent += challenges.Start(subject, from).ok() ? 1 : 0;
    }
  }
  CHECK(sent == kCodesADayByAll);
}

TEST_CASE_METHOD(Sandbox, "passwords of the one world say nothing in the other", "[service]") {
  REQUIRE(Create(Ada(), kGood).ok());
  Subject there = By("ada", "inv_s", "deal-1", kSandbox);
  CHECK(*passwords.LookUp(kSandbox, "ada", there.mobile, there.email) == PasswordStanding::kNone);
  CHECK(Why(ByLink(there, kGood)) == "PASSWORD_WRONG");
  REQUIRE(Create(there, kOther).ok());
  CHECK(ByLink(there, kOther).ok());
  // Nor the other way round.
  Subject elsewhere = By("ada", "inv_o", "deal-1", "office");
  REQUIRE(Made("office", false).ok());
  CHECK(Why(ByLink(elsewhere, kOther)) == "PASSWORD_WRONG");
  CHECK(ByLink(elsewhere, kGood).ok());
}

}  // namespace
}  // namespace gatehouse::identity
