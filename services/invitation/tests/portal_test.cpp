#include <set>

#include "services/invitation/code_proto.h"
#include "services/invitation/domain/password_sign_in.h"
#include "services/invitation/portals_handler.h"
#include "services/invitation/sign_in_handler.h"
#include "services/invitation/tests/fixture.h"

namespace gatehouse::invitation {
namespace {

TEST_CASE_METHOD(Fixture, "an invitation's links lead to the portal that was chosen for it",
                 "[service]") {
  auto request = Invite("c1", "deal-1", "r1");
  request.set_portal_url("HTTPS://Staging.Acme.example:443/au/");
  const auto made = handler.CreateInvitation(StaffCall(), request);
  REQUIRE(made.ok());
  CHECK(made->link().find("https://staging.acme.example/au/i#") == 0);
  const auto copied = invitations.CreateLink("deal-1", made->invitation_id(), StaffCall());
  CHECK(copied->link.Reveal().find("https://staging.acme.example/au/i#") == 0);
  CHECK(sign_in.Open(made->link())->portal_url == "https://staging.acme.example/au");
  REQUIRE(sign_in.Start(made->link()).ok());
  CHECK(ToProto(directory.codes.back()).portal_host() == "staging.acme.example");
}

TEST_CASE_METHOD(Fixture, "an invitation goes to none but the organisation's own portals",
                 "[service]") {
  for (const char* portal : {"https://evil.example", "https://staging.acme.example", "nonsense",
                             "https://portal.acme.example@evil.example"}) {
    INFO(portal);
    auto request = Invite("c1", "deal-1", "");
    request.set_portal_url(portal);
    CHECK(ReasonOf(handler.CreateInvitation(StaffCall(), request).status()) == "INVALID_REQUEST");
  }
  CHECK(store.List("acme", "deal-1", {})->empty());
}

TEST_CASE_METHOD(Fixture, "a portal that is closed opens no link, and lets nobody sign in",
                 "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  const std::string token = TokenOf(*made);
  PortalsHandler portals(store);
  PasswordSignIn passwords(store, directory, invitations, clock);
  int64_t version = 0;
  const auto tell = [&](bool enabled, const std::string& organisation_id) {
    v1::FollowPortalRequest news;
    news.set_enabled(enabled);
    news.set_settings_version(++version);
    REQUIRE(portals.FollowPortal(ServiceCall(organisation_id), news).ok());
  };
  v1::SignInWithPasswordRequest typed;
  typed.set_organisation_id("acme");
  typed.set_email("client@example.com");
  typed.set_password("long enough");
  const auto reasons = [&] {
    return std::set<std::string>{ReasonOf(sign_in.Open(token).status()),
                                 ReasonOf(sign_in.Start(token).status()),
                                 ReasonOf(sign_in.StartByEmail(token, "a@example.com").status()),
                                 ReasonOf(passwords.Enter(typed).status())};
  };
  tell(false, "other");
  CHECK(sign_in.Open(token).ok());
  tell(false, "acme");
  CHECK(reasons() == std::set<std::string>{"PORTAL_DISABLED"});
  CHECK(directory.codes.empty());
  // Nothing is said of what there never was.
  CHECK(ReasonOf(sign_in.Open("nonsense").status()) == "NOT_FOUND");
  tell(true, "acme");
  CHECK(sign_in.Open(token).ok());
  CHECK(sign_in.Start(token).ok());
  // What came late is older.
  version = 0;
  tell(false, "acme");
  CHECK(sign_in.Open(token).ok());
}

TEST_CASE("a portal that is given up leaves its invitations to the first one", "[unit]") {
  const OrganisationProfile organisation = {.portal_url = "https://a.example",
                                            .portal_urls = {"https://a.example"}};
  CHECK(organisation.PortalFor("") == "https://a.example");
  CHECK(organisation.PortalFor("https://a.example") == "https://a.example");
  CHECK(organisation.PortalFor("https://b.example") == "https://a.example");
}

}  // namespace
}  // namespace gatehouse::invitation
