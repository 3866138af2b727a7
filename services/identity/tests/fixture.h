#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <mutex>

#include "services/common/auth/jwt.h"
#include "services/common/base/random.h"
#include "services/identity/access_handler.h"
#include "services/identity/domain/email_code.h"
#include "services/identity/organisations_handler.h"
#include "services/identity/principals_handler.h"
#include "services/identity/store/access_store.h"
#include "services/identity/store/challenge_store.h"
#include "services/identity/store/key_store.h"
#include "services/identity/store/organisation_store.h"
#include "tests/support/calls.h"
#include "tests/support/test_database.h"

namespace gatehouse::identity {
extern const std::vector<Migration> kMigrations;

class FakeMessenger : public Messenger {
 public:
  absl::Status SendCode(const Subject& subject, const std::string& request_id, const Secret& code,
                        absl::Time) override {
    if (meanwhile) meanwhile();
    const std::lock_guard lock(mutex);
    if (!answer.ok() && !takes_before_it_fails) return answer;
    codes.push_back(code.Reveal());
    ids.push_back(request_id);
    owners.push_back(subject.owner_email);
    return answer;
  }
  absl::Status answer;
  bool takes_before_it_fails = false;
  std::function<void()> meanwhile;  // Runs while a send is under way.
  std::mutex mutex;
  std::vector<std::string> codes, ids, owners;
};

class FakeClock : public Clock {
 public:
  absl::Time Now() const override { return absl::Now() + ahead; }
  absl::Duration ahead;
};

struct Fixture {
  TestDatabase database{"identity", WithCommon(kMigrations)};
  Secret redis_url = TestRedisUrl();
  Redis redis{redis_url};
  FakeClock clock;
  FakeMessenger messenger;
  PostgresOrganisationStore organisations{database.postgres()};
  PostgresKeyStore key_store{database.postgres()};
  Keys minting{key_store, Secret(RandomBytes(32)), clock};
  Once once{database.postgres(), Secret(RandomBytes(32))};
  PostgresAccessStore access{database.postgres()};
  std::vector<HeldBack> held_back;
  RedisChallengeStore store{
      redis, Secret(RandomBytes(32)), {.on_held = [this](const HeldBack& held) {
        const std::lock_guard lock(messenger.mutex);
        held_back.push_back(held);
      }}};
  SmsCode sms_code{messenger, Secret(RandomBytes(32))};
  EmailCode email_code{messenger, Secret(RandomBytes(32))};
  std::vector<std::function<void()>> later;  // What nobody waits for: the test runs it.
  Challenges::Later put_off = [this](std::function<void()> work) {
    later.push_back(std::move(work));
  };
  Challenges challenges{store, access, {&sms_code, &email_code}, Secret(RandomBytes(32)),
                        clock, put_off};
  SigningKeys keys{database.postgres(), Secret(RandomBytes(32)), clock};
  // The last one looks as sessions' tokens did without their prefix.
  Principals worth{key_store,
                   access,
                   {Secret("operator-key"), Secret("old-key"),
                    Secret("operator-key-that-looks-as-sessions-used-to")},
                   clock};
  PrincipalsHandler principals{worth, organisations, keys, clock};
  OrganisationsHandler handler{organisations, key_store, minting, once, redis};
  AccessHandler access_handler{challenges, access, redis};
  Call call = ServiceCall();

  Fixture() { REQUIRE(CreateAcme("").ok()); }

  absl::StatusOr<pb::CreateOrganisationResponse> CreateAcme(const std::string& request_id,
                                                            const std::string& id = "acme") {
    pb::CreateOrganisationRequest request;
    request.set_organisation_id(id);
    request.set_display_name("Acme");
    request.set_region("AU");
    request.set_time_zone("Australia/Sydney");
    request.set_portal_url("https://portal.acme.example/au");
    request.set_request_id(request_id);
    return handler.CreateOrganisation(StaffCall(""), request);
  }
  Subject Ada(const std::string& link = "lnk_1", const std::string& mobile = "+61412345678") {
    return {.organisation_id = "acme",
            .link_id = link,
            .mobile = mobile,
            .email = "Ada@example.com",
            .organisation_name = "Acme",
            .portal_host = "portal.acme.example",
            .contact_name = "Ada",
            .access = {"deal-1", "ada", "inv_1", Visibility::kAll, true, {"drq_1"}}};
  }
  std::string StartedId() {
    const auto started = challenges.Start(Ada(), call);
    INFO(started.status().ToString());
    REQUIRE(started.ok());
    return started->challenge_id;
  }
  // As a page submits: with a nonce that it repeats.
  absl::StatusOr<Challenges::Entered> Verify(const std::string& id, const std::string& code,
                                             const std::string& nonce = "nonce-of-the-page-1") {
    return challenges.Verify(id, code, nonce, Secret(), call);
  }
  absl::StatusOr<Challenges::Entered> SignIn() {
    const std::string id = StartedId();
    return Verify(id, messenger.codes.back());
  }
  std::string Wrong() const { return messenger.codes.back() == "000000" ? "000001" : "000000"; }
  // As the server would call for who brought this credential.
  Call As(const std::string& credential) {
    const auto exchanged = Exchange(credential);
    REQUIRE(exchanged.ok());
    Call as = StaffCall();
    as.caller = ToCaller(exchanged->principal());
    return as;
  }
  absl::StatusOr<pb::ExchangeCredentialResponse> Exchange(const std::string& credential) {
    pb::ExchangeCredentialRequest request;
    request.set_credential(credential);
    return principals.ExchangeCredential(call, request);
  }
};

}  // namespace gatehouse::identity
