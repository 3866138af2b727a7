#include <thread>

#include "services/cases/pipelines/tests/fixture.h"
#include "services/cases/portal/handler.h"

// The portal as the database has it: settings, terms, the first page.

namespace gatehouse::cases {
namespace {

struct PortalFixture : PipelinesFixture {
  TermsStore terms{database.postgres(), outbox};
  PortalStore portals{database.postgres(), outbox, settings};
  UploadLimitsStore upload_limits{database.postgres(), outbox};
  PortalHandler portal{{settings, portals, terms, upload_limits, store, places, once}};

  absl::StatusOr<PortalSettings> Set(const PortalSettings& change) {
    v1::UpdatePortalSettingsRequest request;
    *request.mutable_portal_settings() = change;
    return portal.UpdatePortalSettings(StaffCall(), request);
  }
  absl::StatusOr<v1::Terms> Publish(const std::string& text = "What holds.") {
    v1::PublishTermsRequest request;
    v1::TermsText& english = *request.add_texts();
    english.set_language("en");
    english.set_title("Terms");
    english.set_text(text);
    return portal.PublishTerms(StaffCall(), request);
  }
  absl::Status Accept(int version, const Call& call) {
    v1::AcceptTermsRequest request;
    request.set_version(version);
    request.set_language("en");
    return portal.AcceptTerms(call, request).status();
  }
  v1::PortalHome Home(const Call& call) {
    const auto home = portal.GetHome(call, {});
    REQUIRE(home.ok());
    return *home;
  }
};

TEST_CASE_METHOD(PortalFixture, "a portal has a look that can be read before anybody sets one",
                 "[service]") {
  const auto found = portal.GetPortalSettings(StaffCall(), {});
  REQUIRE(found.ok());
  CHECK(CheckPortal(*found).ok());
  CHECK(found->enabled());
  CHECK(found->show_status_bar());
}

TEST_CASE_METHOD(PortalFixture, "what cannot be read or shown is refused, and nothing is kept",
                 "[service]") {
  PortalSettings change;
  change.set_display_name("Harbour");
  change.mutable_colours()->set_text("#999999");
  CHECK(ReasonOf(Set(change).status()) == "CONTRAST_TOO_LOW");
  CHECK(portal.GetPortalSettings(StaffCall(), {})->display_name().empty());
  change.mutable_colours()->set_text("#333333");
  CHECK(Set(change).ok());
  PortalSettings video;
  video.mutable_overview_video()->set_url("https://example.com/a.mp4");
  CHECK(ReasonOf(Set(video).status()) == "VIDEO_LINK_UNKNOWN");
  CHECK(portal.GetPortalSettings(StaffCall("other"), {})->display_name().empty());
}

TEST_CASE_METHOD(PortalFixture, "the first page says what may be handed in, as documents has it",
                 "[service]") {
  REQUIRE(PutAt("deal", "").ok());
  const auto limits = [&] { return Home(Ada("deal")).upload_limits(); };
  CHECK(limits().max_document_bytes() == 100 << 20);
  CHECK(limits().content_types_size() > 20);
  const auto tell = [&](int64_t bytes, int64_t version, const std::string& organisation_id) {
    v1::FollowUploadLimitsRequest news;
    news.mutable_limits()->set_max_document_bytes(bytes);
    news.mutable_limits()->add_content_types("application/pdf");
    news.set_settings_version(version);
    REQUIRE(portal.FollowUploadLimits(ServiceCall(organisation_id), news).ok());
  };
  tell(1, 1, "other");
  CHECK(limits().max_document_bytes() == 100 << 20);
  tell(2000, 2, "acme");
  tell(1000, 1, "acme");  // It comes late.
  CHECK(limits().max_document_bytes() == 2000);
  REQUIRE(limits().content_types_size() == 1);
}

TEST_CASE_METHOD(PortalFixture, "a portal speaks the languages that it says, each once",
                 "[service]") {
  CHECK(portal.GetPortalSettings(StaffCall(), {})->languages(0) == "en");
  PortalSettings change;
  change.add_languages("mi");
  change.add_languages("en-NZ");
  REQUIRE(Set(change).ok());
  CHECK(Told("FollowPortal") == 2);  // identity, and invitation, which shows it to strangers.
  const v1::PortalLook look = LookOf(*portal.GetPortalSettings(StaffCall(), {}));
  CHECK(look.languages(0) == "mi");
  CHECK(look.languages_size() == 2);
  CHECK(look.colours().text() == "#1a1a1a");
  change.add_languages("EN-nz");
  CHECK(ReasonOf(Set(change).status()) == "INVALID_REQUEST");
  REQUIRE(PutAt("deal", "").ok());
  CHECK(Home(Ada("deal")).languages_size() == 2);
}

TEST_CASE_METHOD(PortalFixture, "the first page shows all of it, the welcome only until it is over",
                 "[service]") {
  REQUIRE(pipelines.PutPipeline(StaffCall(), Solar()).ok());
  REQUIRE(PutAt("deal", "drawing").ok());
  PortalSettings change;
  change.set_display_name("Harbour");
  change.set_show_profile_first(true);
  change.set_client_guide_url("https://harbour.example/guide.pdf");
  change.mutable_overview_video()->set_url("https://youtu.be/dQw4w9WgXcQ?t=5");
  change.mutable_overview_video()->set_description("Welcome");
  v1::StageVideo& stage = *change.add_stage_videos();
  stage.set_pipeline_id("solar");
  stage.set_state_id("planning");
  stage.mutable_video()->set_url("https://vimeo.com/76979871");
  REQUIRE(Set(change).ok());

  const v1::PortalHome first = Home(Ada("deal"));
  CHECK(first.display_name() == "Harbour");
  CHECK(first.client_guide_url() == "https://harbour.example/guide.pdf");
  CHECK(first.first_entry());
  CHECK(first.show_profile_first());
  CHECK(first.overview_video().description() == "Welcome");
  REQUIRE(first.cases_size() == 1);
  CHECK(first.cases(0).case_().contacts_size() == 1);
  CHECK(first.cases(0).status().current().state_id() == "drawing");
  CHECK(first.cases(0).status().stages_size() == 3);
  CHECK(first.cases(0).video().provider() == v1::Video::VIMEO);

  REQUIRE(portal.FinishWelcome(Ada("deal"), {}).ok());
  REQUIRE(portal.FinishWelcome(Ada("deal"), {}).ok());
  const v1::PortalHome second = Home(Ada("deal"));
  CHECK_FALSE(second.first_entry());
  CHECK_FALSE(second.show_profile_first());
  CHECK_FALSE(second.has_overview_video());
  Call other = Ada("deal");
  other.caller.actor_id = "acc_2";
  CHECK(Home(other).first_entry());
}

TEST_CASE_METHOD(PortalFixture, "without the status bar no page has stages", "[service]") {
  REQUIRE(pipelines.PutPipeline(StaffCall(), Solar()).ok());
  REQUIRE(PutAt("deal", "").ok());
  CHECK(Seen("deal")->stages_size() == 3);
  PortalSettings change;
  change.set_show_status_bar(false);
  REQUIRE(Set(change).ok());
  CHECK(Seen("deal")->stages_size() == 0);
  CHECK(Seen("deal")->has_current());
  CHECK(Home(Ada("deal")).cases(0).status().stages_size() == 0);
}

TEST_CASE_METHOD(PortalFixture, "a portal that is not enabled is closed to clients, not to staff",
                 "[service]") {
  REQUIRE(PutAt("deal", "").ok());
  REQUIRE(Publish().ok());
  PortalSettings change;
  change.set_enabled(false);
  REQUIRE(Set(change).ok());
  const Call ada = Ada("deal");
  pb::GetPortalCaseRequest one;
  one.set_case_id("deal");
  for (const absl::Status& status :
       {portal.GetHome(ada, {}).status(), portal.FinishWelcome(ada, {}).status(),
        portal.GetPortalTerms(ada, {}).status(), Accept(1, ada), Seen("deal").status(),
        Submit("deal", "lead").status(), Restart("deal", "lead").status(),
        handler.ListPortalCases(ada, {}).status(), handler.GetPortalCase(ada, one).status()}) {
    CHECK(ReasonOf(status) == "PORTAL_DISABLED");
  }
  CHECK(Get("deal").ok());
  change.set_enabled(true);
  REQUIRE(Set(change).ok());
  CHECK(portal.GetHome(ada, {}).ok());
}

TEST_CASE_METHOD(PortalFixture, "terms are accepted by version, once, and a new one asks again",
                 "[service]") {
  REQUIRE(PutAt("deal", "").ok());
  Call ada = Ada("deal");
  ada.client_address = "192.0.2.7";
  ada.user_agent = "Browser/1";
  CHECK(Home(ada).terms_to_accept() == 0);
  CHECK(ReasonOf(portal.GetPortalTerms(ada, {}).status()) == "NOT_FOUND");
  CHECK(ReasonOf(Accept(1, ada)) == "NOT_FOUND");
  REQUIRE(Publish()->version() == 1);
  CHECK(Told("FollowPortal") == 1);
  CHECK(Home(ada).terms_to_accept() == 1);
  CHECK(Home(ada).cases().empty());
  CHECK_FALSE(portal.GetPortalTerms(ada, {})->has_accept_time());
  REQUIRE(Accept(1, ada).ok());
  REQUIRE(Accept(1, ada).ok());
  CHECK(Told("FollowAcceptance") == 1);
  CHECK(Home(ada).terms_to_accept() == 0);
  CHECK(Home(ada).cases_size() == 1);
  CHECK(portal.GetPortalTerms(ada, {})->has_accept_time());
  REQUIRE(Publish("Other things hold.")->version() == 2);
  CHECK(Home(ada).terms_to_accept() == 2);
  CHECK(ReasonOf(Accept(1, ada)) == "TERMS_OUTDATED");
  CHECK(portal.GetPortalTerms(ada, {})->text() == "Other things hold.");
  v1::GetTermsRequest old;
  old.set_version(1);
  CHECK(portal.GetTerms(StaffCall(), old)->texts(0).text() == "What holds.");
  CHECK(ReasonOf(portal.GetTerms(StaffCall("other"), old).status()) == "NOT_FOUND");
  REQUIRE(Accept(2, ada).ok());

  v1::ListTermsAcceptancesRequest list;
  list.set_page_size(1);
  const auto newest = portal.ListTermsAcceptances(StaffCall(), list);
  REQUIRE(newest->acceptances_size() == 1);
  const v1::TermsAcceptance& acceptance = newest->acceptances(0);
  CHECK(acceptance.version() == 2);
  CHECK(acceptance.contact_id() == "ada");
  CHECK(acceptance.case_id() == "deal");
  CHECK(acceptance.account_id() == "acc_1");
  CHECK(acceptance.client_address() == "192.0.2.7");
  CHECK(acceptance.user_agent() == "Browser/1");
  CHECK(acceptance.language() == "en");
  list.set_page_token(newest->next_page_token());
  CHECK(portal.ListTermsAcceptances(StaffCall(), list)->acceptances(0).version() == 1);
  CHECK(portal.ListTermsAcceptances(StaffCall("other"), {})->acceptances_size() == 0);
}

TEST_CASE_METHOD(PortalFixture, "who keeps clients out is told of each change, and of no other",
                 "[service]") {
  PortalSettings change;
  change.set_enabled(false);
  REQUIRE(Set(change).ok());
  // Identity, of who is signed in, and invitation, of who is not.
  CHECK(Told("FollowPortal") == 2);
  change.mutable_colours()->set_text("#999999");
  CHECK_FALSE(Set(change).ok());
  CHECK(Told("FollowPortal") == 2);
}

TEST_CASE_METHOD(PortalFixture, "what was set before anybody was told is told once", "[service]") {
  REQUIRE(PutAt("deal", "").ok());
  PortalSettings change;
  change.set_enabled(true);
  REQUIRE(Set(change).ok());
  REQUIRE(Publish().ok());
  REQUIRE(Accept(1, Ada("deal")).ok());
  database.Exec("DELETE FROM job");
  CHECK(*portals.TellOld() == 1);
  CHECK(Told("FollowPortal") == 2);
  CHECK(Told("FollowAcceptance") == 1);
  CHECK(*portals.TellOld() == 0);
  CHECK(Told("FollowPortal") == 2);
}

TEST_CASE_METHOD(PortalFixture, "terms published at once are versions one after the other",
                 "[service]") {
  int versions[4] = {};
  std::vector<std::thread> threads;
  for (int& version : versions) {
    threads.emplace_back([&] {
      const auto published = Publish();
      version = published.ok() ? published->version() : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::sort(std::begin(versions), std::end(versions));
  CHECK(std::vector<int>(std::begin(versions), std::end(versions)) == std::vector<int>{1, 2, 3, 4});
}

}  // namespace
}  // namespace gatehouse::cases
