#include <catch2/catch.hpp>

#include "services/cases/portal/domain/colours.h"
#include "services/cases/portal/domain/portal.h"
#include "services/cases/portal/domain/video.h"
#include "services/common/base/status.h"
#include "services/common/rpc/validate.h"

// What a portal may look like and show: rules without a store.

namespace gatehouse::cases {
namespace {

std::string Embed(const std::string& url) {
  v1::VideoLink link;
  link.set_url(url);
  const auto video = ParseVideo(link);
  return video.has_value() ? video->embed_url() : "none";
}

TEST_CASE("contrast is as WCAG has it", "[unit]") {
  CHECK(ContrastOf("#000000", "#ffffff") == Approx(21));
  CHECK(ContrastOf("#FFFFFF", "#000000") == Approx(21));
  CHECK(ContrastOf("#123456", "#123456") == Approx(1));
  // The greys at the border, as WebAIM's checker has them.
  CHECK(ContrastOf("#767676", "#ffffff") == Approx(4.54).epsilon(0.001));
  CHECK(ContrastOf("#777777", "#ffffff") == Approx(4.48).epsilon(0.001));
  CHECK(ContrastOf("#ff0000", "#ffffff") == Approx(4.00).epsilon(0.001));
  CHECK(ContrastOf("#0000ff", "#ffffff") == Approx(8.59).epsilon(0.001));
}

TEST_CASE("colours that cannot be read are refused by name, with the ratio", "[unit]") {
  v1::PortalColours colours;
  colours.set_background("#ffffff");
  colours.set_text("#767676");
  colours.set_link("#0b4f8a");
  colours.set_button("#0b4f8a");
  colours.set_button_text("#ffffff");
  CHECK(CheckColours(colours).ok());
  colours.set_text("#777777");
  auto refused = CheckColours(colours);
  CHECK(ReasonOf(refused) == "CONTRAST_TOO_LOW");
  CHECK(FactsOf(refused)["ratio"] == "4.47");
  CHECK(FactsOf(refused)["text"] == "text");
  CHECK(FactsOf(refused)["ground"] == "background");
  colours.set_text("#000000");
  colours.set_button("#eeeeee");
  refused = CheckColours(colours);
  CHECK(FactsOf(refused)["text"] == "buttonText");
  CHECK(FactsOf(refused)["ground"] == "button");
  colours.set_button("#000000");
  colours.set_link("#ff0000");
  CHECK(FactsOf(CheckColours(colours))["text"] == "link");
}

TEST_CASE("a link to YouTube leads to its video in every form that YouTube gives out", "[unit]") {
  const std::string video = "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ";
  for (const char* url :
       {"https://youtu.be/dQw4w9WgXcQ", "https://youtu.be/dQw4w9WgXcQ?si=AbCdEfGhIjKlMnOp",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "http://youtube.com/watch?v=dQw4w9WgXcQ&feature=youtu.be",
        "https://m.youtube.com/watch?app=desktop&v=dQw4w9WgXcQ",
        "https://music.youtube.com/watch?v=dQw4w9WgXcQ&list=RDAMVM",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ&list=PL0123456789&index=2",
        "https://www.youtube.com/embed/dQw4w9WgXcQ?rel=0",
        "https://www.youtube.com/shorts/dQw4w9WgXcQ",
        "https://www.youtube.com/live/dQw4w9WgXcQ?utm_source=mail",
        "https://www.youtube.com/v/dQw4w9WgXcQ/",
        "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
        " HTTPS://WWW.YOUTUBE.COM/watch?v=dQw4w9WgXcQ\n"}) {
    INFO(url);
    CHECK(Embed(url) == video);
  }
}

TEST_CASE("a link to Vimeo leads to its video, an unlisted one with its hash", "[unit]") {
  const std::string video = "https://player.vimeo.com/video/76979871?dnt=1";
  for (const char* url :
       {"https://vimeo.com/76979871", "https://www.vimeo.com/76979871?share=copy",
        "https://player.vimeo.com/video/76979871", "https://vimeo.com/channels/staffpicks/76979871",
        "https://vimeo.com/groups/shortfilms/videos/76979871",
        "https://vimeo.com/showcase/1234/video/76979871"}) {
    INFO(url);
    CHECK(Embed(url) == video);
  }
  const std::string unlisted = "https://player.vimeo.com/video/76979871?h=8272103f6e&dnt=1";
  CHECK(Embed("https://vimeo.com/76979871/8272103f6e") == unlisted);
  CHECK(Embed("https://vimeo.com/76979871/8272103f6e?share=copy") == unlisted);
  CHECK(Embed("https://player.vimeo.com/video/76979871?h=8272103f6e") == unlisted);
}

TEST_CASE("where a video starts is kept", "[unit]") {
  const std::string video = "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ";
  CHECK(Embed("https://youtu.be/dQw4w9WgXcQ?t=90") == video + "?start=90");
  CHECK(Embed("https://youtu.be/dQw4w9WgXcQ?si=x&t=90s") == video + "?start=90");
  CHECK(Embed("https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=1h2m3s") == video + "?start=3723");
  CHECK(Embed("https://www.youtube.com/watch?v=dQw4w9WgXcQ#t=1m30s") == video + "?start=90");
  CHECK(Embed("https://www.youtube.com/embed/dQw4w9WgXcQ?start=7") == video + "?start=7");
  CHECK(Embed("https://vimeo.com/76979871#t=90s") ==
        "https://player.vimeo.com/video/76979871?dnt=1#t=90s");
  for (const char* odd : {"?t=", "?t=-5", "?t=soon", "?t=99999999999999999999", "?t=1m1h"}) {
    INFO(odd);
    CHECK(Embed(std::string("https://youtu.be/dQw4w9WgXcQ") + odd) == video);
  }
}

TEST_CASE("what is no link to one video of theirs is none", "[unit]") {
  for (const char* url : {"",
                          "video",
                          "https://",
                          "https://youtu.be",
                          "https://youtu.be/",
                          "youtu.be/dQw4w9WgXcQ",
                          "https://www.youtube.com/playlist?list=PL0123456789",
                          "https://www.youtube.com/@channel",
                          "https://youtu.be/dQw4w9WgXc",
                          "https://youtu.be/dQw4w9WgXcQQ",
                          "https://youtu.be/dQw4w9WgX%51",
                          "https://www.youtube.com/watch?list=PL0123456789",
                          "https://youtube.com.evil.example/watch?v=dQw4w9WgXcQ",
                          "https://evil.example/youtube.com/watch?v=dQw4w9WgXcQ",
                          "https://youtube.com@evil.example/watch?v=dQw4w9WgXcQ",
                          "https://www.youtube.com:8443/watch?v=dQw4w9WgXcQ",
                          "javascript:alert(1)//youtu.be/dQw4w9WgXcQ",
                          "ftp://youtu.be/dQw4w9WgXcQ",
                          "https://vimeo.com/",
                          "https://vimeo.com/about",
                          "https://vimeo.com/event/12345",
                          "https://vimeo.com/76979871/settings",
                          "https://vimeo.com/1234567890123",
                          "https://player.vimeo.com/video/76979871?h=<script>",
                          "https://dai.ly/x84sh87"}) {
    INFO(url);
    CHECK(Embed(url) == "none");
  }
}

PortalSettings Sound() {
  PortalSettings settings;
  settings.set_enabled(true);
  v1::PortalColours& colours = *settings.mutable_colours();
  colours.set_background("#ffffff");
  colours.set_button_text("#ffffff");
  colours.set_text("#000000");
  colours.set_link("#000000");
  colours.set_button("#000000");
  return settings;
}

void AddVideo(PortalSettings& settings, const std::string& state_id, const std::string& url) {
  v1::StageVideo& stage = *settings.add_stage_videos();
  stage.set_pipeline_id("solar");
  stage.set_state_id(state_id);
  stage.mutable_video()->set_url(url);
}

TEST_CASE("a state has one video, of those who host them", "[unit]") {
  PortalSettings settings = Sound();
  CHECK(CheckPortal(settings).ok());
  AddVideo(settings, "lead", "https://youtu.be/dQw4w9WgXcQ");
  AddVideo(settings, "offer", "https://vimeo.com/76979871");
  CHECK(CheckPortal(settings).ok());
  AddVideo(settings, "lead", "https://vimeo.com/76979871");
  CHECK(ReasonOf(CheckPortal(settings)) == "INVALID_REQUEST");
  settings.mutable_stage_videos(2)->set_state_id("done");
  settings.mutable_stage_videos(2)->mutable_video()->set_url("https://example.com/a.mp4");
  auto refused = CheckPortal(settings);
  CHECK(ReasonOf(refused) == "VIDEO_LINK_UNKNOWN");
  CHECK(FactsOf(refused)["field"] == "stageVideos[2]");
  settings.mutable_overview_video()->set_url("https://example.com/a.mp4");
  CHECK(FactsOf(CheckPortal(settings))["field"] == "overviewVideo");
}

TEST_CASE("a sub-state shows its own video, else that of its state", "[unit]") {
  PortalSettings settings = Sound();
  AddVideo(settings, "planning", "https://youtu.be/dQw4w9WgXcQ");
  AddVideo(settings, "offer", "https://vimeo.com/76979871");
  CHECK(VideoOf(settings, "solar", "offer", "planning")->provider() == v1::Video::VIMEO);
  CHECK(VideoOf(settings, "solar", "drawing", "planning")->provider() == v1::Video::YOUTUBE);
  CHECK_FALSE(VideoOf(settings, "solar", "lead", "").has_value());
  CHECK_FALSE(VideoOf(settings, "other", "offer", "planning").has_value());
}

TEST_CASE("a portal that is not enabled says so by a reason of its own", "[unit]") {
  PortalSettings settings = Sound();
  CHECK(CheckEnabled(settings).ok());
  settings.set_enabled(false);
  CHECK(ReasonOf(CheckEnabled(settings)) == "PORTAL_DISABLED");
}

TEST_CASE("terms are read in one's language, and bounded", "[unit]") {
  v1::PublishTermsRequest request;
  CHECK(ReasonOf(Validate(request)) == "INVALID_REQUEST");
  for (const char* language : {"en-AU", "de"}) {
    v1::TermsText& text = *request.add_texts();
    text.set_language(language);
    text.set_title(language);
    text.set_text("What holds.");
  }
  CHECK(Validate(request).ok());
  CHECK(CheckTerms(request).ok());
  v1::Terms terms;
  *terms.mutable_texts() = request.texts();
  CHECK(TextOf(terms, "de-CH").title() == "de");
  CHECK(TextOf(terms, "en").title() == "en-AU");
  CHECK(TextOf(terms, "fr").title() == "en-AU");
  CHECK(TextOf(terms, "").title() == "en-AU");
  request.mutable_texts(1)->set_language("EN-au");
  CHECK(ReasonOf(CheckTerms(request)) == "INVALID_REQUEST");
  request.mutable_texts(1)->set_language("de");
  request.mutable_texts(1)->set_text(std::string(50001, 'x'));
  CHECK(ReasonOf(Validate(request)) == "INVALID_REQUEST");
}

}  // namespace
}  // namespace gatehouse::cases
