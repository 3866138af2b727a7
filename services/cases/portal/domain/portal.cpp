#include "services/cases/portal/domain/portal.h"

#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "services/cases/portal/domain/colours.h"
#include "services/cases/portal/domain/video.h"
#include "services/common/base/status.h"

namespace gatehouse::cases {
namespace {

absl::Status CheckVideo(const v1::VideoLink& link, const std::string& field) {
  if (ParseVideo(link).has_value()) return absl::OkStatus();
  return WithFact(Refuse(v1::VIDEO_LINK_UNKNOWN,
                         "the link is none to one video of YouTube or Vimeo: copy it there anew"),
                  "field", field);
}

std::optional<v1::Video> Find(const PortalSettings& settings, const std::string& pipeline_id,
                              const std::string& state_id) {
  for (const v1::StageVideo& stage : settings.stage_videos()) {
    if (stage.pipeline_id() == pipeline_id && stage.state_id() == state_id) {
      return ParseVideo(stage.video());
    }
  }
  return std::nullopt;
}

std::string Primary(const std::string& language) { return language.substr(0, language.find('-')); }

}  // namespace

absl::Status CheckPortal(const PortalSettings& settings) {
  RETURN_IF_ERROR(CheckColours(settings.colours()));
  if (settings.has_overview_video()) {
    RETURN_IF_ERROR(CheckVideo(settings.overview_video(), "overviewVideo"));
  }
  std::set<std::string> languages;
  for (int i = 0; i < settings.languages_size(); ++i) {
    if (languages.insert(absl::AsciiStrToLower(settings.languages(i))).second) continue;
    return RefuseField(absl::StrCat("portal_settings.languages[", i, "]"), "stands there twice");
  }
  std::set<std::pair<std::string, std::string>> states;
  for (int i = 0; i < settings.stage_videos_size(); ++i) {
    const v1::StageVideo& stage = settings.stage_videos(i);
    if (!states.insert({stage.pipeline_id(), stage.state_id()}).second) {
      return RefuseField(absl::StrCat("portal_settings.stage_videos[", i, "].state_id"),
                         "has a video already");
    }
    RETURN_IF_ERROR(CheckVideo(stage.video(), absl::StrCat("stageVideos[", i, "]")));
  }
  return absl::OkStatus();
}

v1::PortalLook LookOf(const PortalSettings& settings) {
  v1::PortalLook look;
  look.set_display_name(settings.display_name());
  look.set_logo_url(settings.logo_url());
  *look.mutable_colours() = settings.colours();
  *look.mutable_languages() = settings.languages();
  return look;
}

absl::Status CheckEnabled(const PortalSettings& settings) {
  if (settings.enabled()) return absl::OkStatus();
  return Refuse(v1::PORTAL_DISABLED, "the organisation has no portal: ask it how to go on");
}

std::vector<v1::ContactField> EditableBy(const PortalSettings& settings) {
  std::vector<v1::ContactField> fields;
  for (const int field : settings.editable_contact_fields()) {
    fields.push_back(static_cast<v1::ContactField>(field));
  }
  return fields;
}

std::optional<v1::Video> VideoOf(const PortalSettings& settings, const std::string& pipeline_id,
                                 const std::string& state_id, const std::string& parent_id) {
  auto video = Find(settings, pipeline_id, state_id);
  return video.has_value() || parent_id.empty() ? video : Find(settings, pipeline_id, parent_id);
}

absl::Status CheckTerms(const v1::PublishTermsRequest& request) {
  std::set<std::string> languages;
  for (int i = 0; i < request.texts_size(); ++i) {
    if (!languages.insert(absl::AsciiStrToLower(request.texts(i).language())).second) {
      return RefuseField(absl::StrCat("texts[", i, "].language"), "stands there twice");
    }
  }
  return absl::OkStatus();
}

const v1::TermsText& TextOf(const v1::Terms& terms, const std::string& language) {
  for (const v1::TermsText& text : terms.texts()) {
    if (absl::EqualsIgnoreCase(text.language(), language)) return text;
  }
  for (const v1::TermsText& text : terms.texts()) {
    if (absl::EqualsIgnoreCase(Primary(text.language()), Primary(language))) return text;
  }
  return terms.texts(0);
}

}  // namespace gatehouse::cases
