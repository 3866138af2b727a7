#include "services/identity/tests/fixture.h"
#include "tests/support/lists.h"

// Where an organisation's portals are, and whose pages may call.

namespace gatehouse::identity {
namespace {

using Urls = std::vector<std::string>;

TEST_CASE("portals are normalised, told apart and bounded", "[unit]") {
  CHECK(PortalUrls({"https://Portal.X.com:443/", "https://portal.x.com"}).value() ==
        Urls{"https://portal.x.com"});
  CHECK(PortalUrls({"http://localhost:5173", "http://127.0.0.1:3000"})->size() == 2);
  for (const Urls& urls : {Urls{}, Urls{"http://x.com"}, Urls{"http://localhost.x.com"},
                           Urls{"https://ada@x.com"}, Urls{"https://x.com", "nothing"}}) {
    CHECK(ReasonOf(PortalUrls(urls).status()) == "INVALID_REQUEST");
  }
  Urls many;
  for (size_t i = 0; i <= kPortalsMax; ++i) {
    many.push_back("https://" + std::to_string(i) + ".example.com");
  }
  CHECK_FALSE(PortalUrls(many).ok());
  many.pop_back();
  CHECK(PortalUrls(many).ok());
}

struct Portals : Fixture {
  bool MayCall(const std::string& origin) {
    pb::CheckOriginRequest request;
    request.set_origin(origin);
    return principals.CheckOrigin(call, request)->allowed();
  }
  absl::StatusOr<pb::Organisation> Update(const std::string& url, const Urls& urls) {
    pb::UpdateOrganisationRequest request;
    request.set_portal_url(url);
    for (const std::string& one : urls) request.add_portal_urls(one);
    return handler.UpdateOrganisation(StaffCall(), request);
  }
  static Urls Of(const pb::Organisation& organisation) {
    return {organisation.portal_urls().begin(), organisation.portal_urls().end()};
  }
};

TEST_CASE_METHOD(Portals, "what a browser sends is found, however the URL was written",
                 "[service]") {
  const auto updated = Update("HTTPS://Portal.Exämple.com:443/au/", {});
  REQUIRE(updated.ok());
  CHECK(updated->portal_url() == "https://portal.xn--exmple-cua.com/au");
  CHECK(MayCall("https://portal.xn--exmple-cua.com"));
  CHECK_FALSE(MayCall("https://portal.acme.example"));
}

TEST_CASE_METHOD(Portals, "pages of each portal may call, and the first is the default",
                 "[service]") {
  const Urls urls = {"https://portal.acme.example", "https://staging.acme.example/v2",
                     "http://localhost:5173"};
  const auto updated = Update("", urls);
  REQUIRE(updated.ok());
  CHECK(updated->portal_url() == urls[0]);
  CHECK(Of(*updated) == urls);
  for (const char* origin :
       {"https://portal.acme.example", "https://staging.acme.example", "http://localhost:5173"}) {
    CHECK(MayCall(origin));
  }
  const auto entered = SignIn();
  REQUIRE(entered.ok());
  CHECK(As(entered->token.Reveal()).caller.origins.size() == 3);
}

TEST_CASE_METHOD(Portals, "a default that is set alone takes the place of the one before it",
                 "[service]") {
  REQUIRE(Update("", {"https://a.example", "https://b.example"}).ok());
  CHECK(Of(*Update("https://c.example", {})) == Urls{"https://c.example", "https://b.example"});
  // Set together with the list it comes first.
  CHECK(Of(*Update("https://b.example", {"https://a.example", "https://b.example"})) ==
        Urls{"https://b.example", "https://a.example"});
}

TEST_CASE_METHOD(Portals, "an update of something else leaves portals as they are", "[service]") {
  const Urls urls = {"https://a.example", "https://b.example"};
  REQUIRE(Update("", urls).ok());
  pb::UpdateOrganisationRequest request;
  request.set_display_name("Acme Homes");
  CHECK(Of(*handler.UpdateOrganisation(StaffCall(), request)) == urls);
  request.mutable_update_mask()->add_paths("portal_urls");
  CHECK(ReasonOf(handler.UpdateOrganisation(StaffCall(), request).status()) == "INVALID_REQUEST");
}

TEST_CASE_METHOD(Portals, "an organisation may begin with several portals", "[service]") {
  pb::CreateOrganisationRequest request;
  request.set_organisation_id("other");
  request.set_display_name("Other");
  request.set_region("AU");
  request.set_time_zone("Australia/Sydney");
  request.set_portal_url("https://other.example/");
  request.add_portal_urls("http://localhost:3000");
  const auto created = handler.CreateOrganisation(StaffCall(""), request);
  REQUIRE(created.ok());
  CHECK(Of(created->organisation()) == Urls{"https://other.example", "http://localhost:3000"});
}

TEST_CASE_METHOD(Portals, "an organisation is found by each of its portals, whole", "[service]") {
  REQUIRE(Update("", {"https://portal.acme.example", "https://offices.example/acme"}).ok());
  const auto owners = [&](const std::string& url) {
    pb::FindPortalRequest request;
    request.set_portal_url(url);
    Urls ids;
    const auto found = handler.FindPortal(ServiceCall(""), request);
    REQUIRE(found.ok());
    for (const auto& organisation : found->organisations()) {
      ids.push_back(organisation.organisation_id());
    }
    return ids;
  };
  CHECK(owners("https://portal.acme.example") == Urls{"acme"});
  CHECK(owners("https://offices.example/acme") == Urls{"acme"});
  CHECK(owners("https://offices.example").empty());
  CHECK(owners("https://offices.example/other").empty());
  REQUIRE(Update("", {"https://portal.acme.example", "https://new.example"}).ok());
  CHECK(owners("https://new.example") == Urls{"acme"});
  CHECK(owners("https://offices.example/acme").empty());
}

TEST_CASE("whose portal it is costs as much whatever there is", "[service][plans]") {
  TestDatabase database("identity", WithCommon(kMigrations));
  database.Exec(
      "INSERT INTO organisation (organisation_id, display_name, region, time_zone, portal_url, "
      "origin, idle_seconds, absolute_seconds, request_id, first_api_key_id, portal_urls) "
      "SELECT 'o' || n, 'n', 'AU', 'UTC', '', '', 1, 1, '', '', "
      "ARRAY['https://p' || n || '.example'] FROM generate_series(1, 5000) AS n");
  ListCost cost(database);
  const int64_t rows = database.RowsRead([](Postgres& pool) {
    PostgresOrganisationStore store(pool);
    for (int i = 0; i < 10; ++i) {
      CHECK(store.FindPortal("https://p7.example")->size() == 1);
      CHECK(store.FindPortal("https://nobodys.example")->empty());
    }
  });
  CHECK(rows < 10 * 10);
}

}  // namespace
}  // namespace gatehouse::identity
