#include <thread>

#include "services/common/base/proto_time.h"
#include "services/identity/tests/fixture.h"

// Organisations: made once, changed by a mask, and apart from one another.

namespace gatehouse::identity {
namespace {

struct Offices : Fixture {
  pb::UpdateOrganisationRequest change;
  absl::StatusOr<pb::Organisation> Update(const std::string& id = "acme") {
    return handler.UpdateOrganisation(StaffCall(id), change);
  }
  void Mask(const std::string& path) { change.mutable_update_mask()->add_paths(path); }
  pb::Organisation Acme() { return handler.GetOrganisation(StaffCall(), {}).value(); }
};

TEST_CASE_METHOD(Offices, "an update without a mask changes what is set", "[service]") {
  change.set_display_name("Acme Homes");
  change.set_time_zone("Australia/Perth");
  const auto updated = Update();
  REQUIRE(updated.ok());
  CHECK(updated->display_name() == "Acme Homes");
  CHECK(updated->time_zone() == "Australia/Perth");
  CHECK(updated->region() == "AU");
  CHECK(updated->portal_url() == "https://portal.acme.example/au");
  CHECK(Acme().display_name() == "Acme Homes");
}

TEST_CASE_METHOD(Offices, "a mask says what is changed, and cannot clear what must be",
                 "[service]") {
  change.set_display_name("Acme Homes");
  change.set_region("NZ");
  Mask("region");
  CHECK(Update()->display_name() == "Acme");
  CHECK(Acme().region() == "NZ");
  change.clear_region();
  CHECK(ReasonOf(Update().status()) == "INVALID_REQUEST");
  CHECK(Acme().region() == "NZ");
}

TEST_CASE_METHOD(Offices, "an update that is repeated by its id has its first answer",
                 "[service]") {
  change.set_display_name("Acme Homes");
  change.set_etag(Acme().etag());
  change.set_request_id("r1");
  const auto first = Update();
  REQUIRE(first.ok());
  const auto again = Update();
  REQUIRE(again.ok());
  CHECK(again->etag() == first->etag());
  CHECK(Acme().etag() == first->etag());
  change.set_display_name("Acme Houses");
  CHECK(ReasonOf(Update().status()) == "REQUEST_ID_REUSED");
  change.set_request_id("r2");
  CHECK(ReasonOf(Update().status()) == "ETAG_MISMATCH");
  // What was refused is not remembered.
  change.set_etag(first->etag());
  CHECK(Update()->display_name() == "Acme Houses");
}

TEST_CASE("a change of an organisation is judged without a store", "[unit]") {
  const Organisation acme = {.organisation_id = "acme",
                             .display_name = "Acme",
                             .region = "AU",
                             .time_zone = "Australia/Sydney",
                             .etag = "7",
                             .portal_urls = {"https://a.example", "https://b.example"}};
  const auto after = [&](const OrganisationChange& change) -> absl::StatusOr<Organisation> {
    Organisation changed = acme;
    RETURN_IF_ERROR(Apply(change, changed));
    return changed;
  };
  CHECK(after({})->display_name == "Acme");
  CHECK(after({.etag = "7", .display_name = "Acme Homes"})->display_name == "Acme Homes");
  CHECK(ReasonOf(after({.etag = "6"}).status()) == "ETAG_MISMATCH");
  CHECK(ReasonOf(after({.display_name = ""}).status()) == "INVALID_REQUEST");
  CHECK(ReasonOf(after({.region = ""}).status()) == "INVALID_REQUEST");
  CHECK(after({.region = "GB"})->region == "GB");
  CHECK(ReasonOf(after({.region = "UK"}).status()) == "INVALID_REQUEST");
  using Urls = std::vector<std::string>;
  CHECK(after({.portal_url = "https://c.example"})->portal_urls ==
        Urls{"https://c.example", "https://b.example"});
  CHECK(after({.portal_urls = Urls{"https://d.example"}})->portal_urls ==
        Urls{"https://d.example"});
  CHECK(after({.portal_url = "https://c.example", .portal_urls = Urls{"https://d.example"}})
            ->portal_urls == Urls{"https://c.example", "https://d.example"});
  CHECK(ReasonOf(after({.portal_urls = Urls()}).status()) == "INVALID_REQUEST");
  CHECK(ReasonOf(after({.portal_url = "http://c.example"}).status()) == "INVALID_REQUEST");
  CHECK(after({.idle_timeout = absl::Minutes(5)})->idle_timeout == absl::Minutes(5));
  CHECK(after({.idle_timeout = absl::Minutes(5)})->absolute_timeout == acme.absolute_timeout);
}

TEST_CASE_METHOD(Offices, "a mask that names what cannot be changed is refused", "[service]") {
  for (const char* path : {"organisation_id", "etag", "nothing", "", "session_policy.nothing",
                           "session_policyx", "session_policy."}) {
    change.clear_update_mask();
    Mask(path);
    CHECK(ReasonOf(Update().status()) == "INVALID_REQUEST");
  }
}

TEST_CASE_METHOD(Offices, "a session policy that is masked and absent is the default again",
                 "[service]") {
  change.mutable_session_policy()->mutable_idle_timeout()->set_seconds(600);
  CHECK(Update()->session_policy().idle_timeout().seconds() == 600);
  CHECK(Acme().session_policy().absolute_timeout().seconds() == 86400);
  change.clear_session_policy();
  Mask("session_policy");
  CHECK(Update()->session_policy().idle_timeout().seconds() == 1800);
}

TEST_CASE_METHOD(Offices, "a change of one session limit leaves the other as it is", "[service]") {
  const auto limits = [this](int64_t idle, int64_t absolute) {
    const auto policy = Acme().session_policy();
    return policy.idle_timeout().seconds() == idle &&
           policy.absolute_timeout().seconds() == absolute;
  };
  change.mutable_session_policy()->mutable_idle_timeout()->set_seconds(600);
  change.mutable_session_policy()->mutable_absolute_timeout()->set_seconds(7200);
  REQUIRE(Update().ok());
  CHECK(limits(600, 7200));
  change.mutable_session_policy()->clear_absolute_timeout();
  change.mutable_session_policy()->mutable_idle_timeout()->set_seconds(900);
  SECTION("without a mask") {
    REQUIRE(Update().ok());
    CHECK(limits(900, 7200));
  }
  SECTION("which a mask names") {
    Mask("session_policy.idle_timeout");
    REQUIRE(Update().ok());
    CHECK(limits(900, 7200));
  }
  SECTION("and one that is named and absent is its default again") {
    change.clear_session_policy();
    Mask("session_policy.absolute_timeout");
    REQUIRE(Update().ok());
    CHECK(limits(600, 86400));
  }
  SECTION("where the mask names both they are what was sent") {
    Mask("session_policy");
    REQUIRE(Update().ok());
    CHECK(limits(900, 86400));
  }
}

TEST_CASE_METHOD(Offices, "sessions that began keep the limits that they began with", "[service]") {
  const auto entered = SignIn();
  change.mutable_session_policy()->mutable_idle_timeout()->set_seconds(60);
  REQUIRE(Update().ok());
  database.Exec("UPDATE session SET last_use_time = now() - interval '10 minutes'");
  CHECK(Exchange(entered->token.Reveal()).ok());
}

TEST_CASE_METHOD(Offices, "of two who update what they read, the second is told", "[service]") {
  const std::string read = Acme().etag();
  change.set_etag(read);
  change.set_display_name("First");
  REQUIRE(Update().ok());
  change.set_display_name("Second");
  const auto refused = Update().status();
  CHECK(ReasonOf(refused) == "ETAG_MISMATCH");
  CHECK(absl::IsAborted(refused));
  CHECK(Acme().display_name() == "First");
}

TEST_CASE_METHOD(Offices, "updates at once are all made, one after the other", "[service]") {
  std::vector<std::thread> threads;
  std::atomic<int> made = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      pb::UpdateOrganisationRequest one;
      one.set_display_name("Name " + std::to_string(t));
      made += handler.UpdateOrganisation(StaffCall(), one).ok() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(made == 8);
  CHECK(Acme().etag() == "9");
}

TEST_CASE_METHOD(Offices, "an organisation sees and changes itself only", "[service]") {
  REQUIRE(CreateAcme("", "other").ok());
  change.set_display_name("Other Homes");
  REQUIRE(Update("other").ok());
  CHECK(Acme().display_name() == "Acme");
  CHECK(ReasonOf(Update("nobody").status()) == "NOT_FOUND");
  CHECK(ReasonOf(handler.GetOrganisation(StaffCall("nobody"), {}).status()) == "NOT_FOUND");
  CHECK(handler.LookUpOrganisation(ServiceCall("other"), {})->display_name() == "Other Homes");
}

TEST_CASE_METHOD(Offices, "who creates the same organisation at once gets one, with one key",
                 "[service]") {
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::vector<std::string> made;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] {
      const auto created = CreateAcme("r1", "other");
      const std::lock_guard lock(mutex);
      if (created.ok()) made.push_back(created->api_key());
    });
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE_FALSE(made.empty());
  for (const std::string& key : made) CHECK(key == made[0]);
  CHECK(database.Exec("SELECT count(*) FROM api_key WHERE organisation_id = 'other'")[0][0]
            .as<int>() == 1);
}

TEST_CASE_METHOD(Offices, "keys are listed page by page, newest first, without secrets",
                 "[service]") {
  Call staff = StaffCall();
  const auto first = handler.ListApiKeys(staff, {});
  staff.caller.credential_id = staff.caller.actor_id = first->api_keys(0).api_key_id();
  for (int i = 0; i < 4; ++i) {
    pb::CreateApiKeyRequest request;
    request.set_display_name("Key " + std::to_string(i));
    request.add_scopes("cases.read");
    REQUIRE(handler.CreateApiKey(staff, request).ok());
  }
  std::vector<std::string> names;
  pb::ListApiKeysRequest request;
  request.set_page_size(2);
  do {
    const auto page = handler.ListApiKeys(staff, request);
    REQUIRE(page.ok());
    for (const auto& key : page->api_keys()) names.push_back(key.display_name());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  CHECK(names.size() == 5);
  CHECK(names.back() == "First key");
  CHECK(handler.ListApiKeys(StaffCall("nobody"), {})->api_keys_size() == 0);
}

TEST_CASE_METHOD(Offices, "a key's use is noted, once a minute at most", "[service]") {
  const std::string key = CreateAcme("", "other")->api_key();
  const auto last_use = [&] {
    return database
        .Exec(
            "SELECT coalesce(last_use_time::text, '') FROM api_key "
            "WHERE organisation_id = 'other'")[0][0]
        .as<std::string>();
  };
  CHECK(last_use().empty());
  REQUIRE(Exchange(key).ok());
  const std::string noted = last_use();
  CHECK_FALSE(noted.empty());
  REQUIRE(Exchange(key).ok());
  CHECK(last_use() == noted);
}

}  // namespace
}  // namespace gatehouse::identity
