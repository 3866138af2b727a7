#include "services/invitation/entrances_handler.h"
#include "services/invitation/portals_handler.h"
#include "services/invitation/sign_in_handler.h"
#include "services/invitation/tests/fixture.h"

// What a page shows before anybody has signed in, by its address and behind a link.

namespace gatehouse::invitation {
namespace {

const char kPortal[] = "https://portal.acme.example";

struct EntranceFixture : Fixture {
  PortalsHandler portals{store};
  Entrances entrances{store, directory};
  EntrancesHandler entrance{entrances};
  SignInHandler links{sign_in};
  int64_t version = 0;

  absl::StatusOr<v1::Entrance> Find(const std::string& portal_url, const std::string& reads = "",
                                    const std::string& organisation_id = "") {
    v1::GetEntranceRequest request;
    request.set_portal_url(portal_url);
    request.set_accept_language(reads);
    request.set_organisation_id(organisation_id);
    return entrance.GetEntrance(Call(), request);
  }
  absl::StatusOr<v1::OpenLinkResponse> Open(const std::string& token,
                                            const std::string& reads = "") {
    v1::OpenLinkRequest request;
    request.set_token(token);
    request.set_accept_language(reads);
    return links.OpenLink(Call(), request);
  }
  static cases::v1::PortalLook Harbour() {
    cases::v1::PortalLook look;
    look.set_display_name("Harbour");
    look.set_logo_url("https://harbour.example/logo.svg");
    look.mutable_colours()->set_button("#8a0b4f");
    look.add_languages("en");
    look.add_languages("mi");
    return look;
  }
  // As cases tells it.
  void Tell(const std::optional<cases::v1::PortalLook>& look, bool enabled = true,
            const std::string& organisation_id = "acme") {
    v1::FollowPortalRequest news;
    news.set_enabled(enabled);
    news.set_settings_version(++version);
    if (look.has_value()) *news.mutable_look() = *look;
    REQUIRE(portals.FollowPortal(ServiceCall(organisation_id), news).ok());
  }
};

TEST_CASE_METHOD(EntranceFixture, "a page finds by its address whose portal it is, and the ways in",
                 "[service]") {
  const auto plain = Find("HTTPS://Portal.Acme.example:443/");
  REQUIRE(plain.ok());
  CHECK(plain->organisation().organisation_id() == "acme");
  CHECK(plain->organisation().display_name() == "Acme");
  CHECK(plain->organisation().portal_url() == kPortal);
  // A code needs a link.
  CHECK(plain->methods().empty());
  Policy policy;
  policy.set_password(v1::PASSWORD_AND_SMS);
  policy.set_passkeys(v1::PASSKEY_ALONE);
  Set(policy);
  const auto found = Find(kPortal);
  REQUIRE(found->methods_size() == 2);
  CHECK(found->methods(0) == identity::v1::PASSWORD);
  CHECK(found->methods(1) == identity::v1::PASSKEY);
}

TEST_CASE_METHOD(EntranceFixture, "it has a look before anybody sets one", "[service]") {
  const auto made = Create("c1");
  for (const auto& organisation :
       {Find(kPortal)->organisation(), Open(TokenOf(*made))->organisation()}) {
    CHECK(organisation.look().colours().background() == "#ffffff");
    CHECK(organisation.look().logo_url().empty());
    REQUIRE(organisation.look().languages_size() == 1);
    CHECK(organisation.language() == "en");
  }
}

TEST_CASE_METHOD(EntranceFixture, "by link and by address it looks as the organisation says",
                 "[service]") {
  const auto made = Create("c1");
  Tell(Harbour());
  Tell(std::nullopt);  // Who says nothing of the look leaves it.
  for (const auto& organisation : {Find(kPortal, "mi-NZ,en;q=0.5")->organisation(),
                                   Open(TokenOf(*made), "mi-NZ,en;q=0.5")->organisation()}) {
    CHECK(organisation.look().SerializeAsString() == Harbour().SerializeAsString());
    CHECK(organisation.language() == "mi");
  }
  CHECK(Find(kPortal, "fr")->organisation().language() == "en");
  // What comes late is older.
  version = 0;
  Tell(cases::v1::PortalLook());
  CHECK(Find(kPortal)->organisation().look().display_name() == "Harbour");
}

TEST_CASE_METHOD(EntranceFixture, "a look is heard of a version that was told without it before",
                 "[service]") {
  Tell(std::nullopt);
  version = 0;
  Tell(Harbour());
  CHECK(Find(kPortal)->organisation().look().display_name() == "Harbour");
  // Once it is known, the same version says nothing new.
  cases::v1::PortalLook other = Harbour();
  other.set_display_name("Other");
  version = 0;
  Tell(other);
  CHECK(Find(kPortal)->organisation().look().display_name() == "Harbour");
}

TEST_CASE_METHOD(EntranceFixture, "of what is nobody's portal nothing is said", "[service]") {
  const auto refusal = [&](const std::string& url, const std::string& organisation_id = "") {
    const absl::Status status = Find(url, "", organisation_id).status();
    return ReasonOf(status) + " " + std::string(status.message());
  };
  const std::string none = refusal("https://evil.example");
  CHECK(none.find("NOT_FOUND ") == 0);
  CHECK(refusal("https://portal.acme.example/other") == none);
  CHECK(refusal("https://evil.example", "acme") == none);
  // Two organisations have it: the page must say whose it is.
  directory.portal_owners["https://shared.example"] = {"acme", "other"};
  CHECK(refusal("https://shared.example") == none);
  CHECK(Find("https://staging.acme.example/au", "", "acme").ok());
  CHECK(ReasonOf(Find("https://ada@portal.acme.example").status()) == "INVALID_REQUEST");
}

TEST_CASE_METHOD(EntranceFixture, "a portal that is closed shows nothing of itself", "[service]") {
  Tell(Harbour(), false);
  CHECK(ReasonOf(Find(kPortal).status()) == "PORTAL_DISABLED");
  Tell(Harbour(), false, "other");
  Tell(std::nullopt, true);
  CHECK(Find(kPortal)->organisation().look().display_name() == "Harbour");
}

TEST_CASE_METHOD(EntranceFixture, "its entity tag is that of all that it shows", "[service]") {
  Tell(Harbour());
  const std::string tag = Find(kPortal, "en")->etag();
  CHECK(tag.front() == '"');
  CHECK(Find(kPortal, "en-AU")->etag() == tag);
  CHECK(Find(kPortal, "mi")->etag() != tag);
  cases::v1::PortalLook other = Harbour();
  other.set_logo_url("https://harbour.example/new.svg");
  Tell(other);
  CHECK(Find(kPortal, "en")->etag() != tag);
}

}  // namespace
}  // namespace gatehouse::invitation
