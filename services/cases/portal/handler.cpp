#include "services/cases/portal/handler.h"

#include "absl/strings/str_cat.h"
#include "services/cases/case_proto.h"
#include "services/cases/pipelines/domain/status.h"
#include "services/cases/portal/domain/video.h"
#include "services/common/base/proto_time.h"

namespace gatehouse::cases {

void PortalHandler::Register(Server& server) {
  using Self = PortalHandler;
  server.Service("gatehouse.cases.v1.Portals")
      .Unary("GetPortalSettings", *this, &Self::GetPortalSettings)
      .Unary("UpdatePortalSettings", *this, &Self::UpdatePortalSettings)
      .Unary("PublishTerms", *this, &Self::PublishTerms)
      .Unary("GetTerms", *this, &Self::GetTerms)
      .Unary("ListTermsAcceptances", *this, &Self::ListTermsAcceptances);
  server.Service("gatehouse.cases.v1.UploadLimitsFollower")
      .Unary("FollowUploadLimits", *this, &Self::FollowUploadLimits);
  server.Service("gatehouse.cases.v1.PortalHomes")
      .Unary("GetHome", *this, &Self::GetHome)
      .Unary("FinishWelcome", *this, &Self::FinishWelcome)
      .Unary("GetPortalTerms", *this, &Self::GetPortalTerms)
      .Unary("AcceptTerms", *this, &Self::AcceptTerms);
}

absl::StatusOr<PortalSettings> PortalHandler::GetPortalSettings(
    const Call& call, const v1::GetPortalSettingsRequest&) {
  return parts_.settings.Get(call.caller.organisation_id, call.caller.region);
}

absl::StatusOr<PortalSettings> PortalHandler::UpdatePortalSettings(
    const Call& call, const v1::UpdatePortalSettingsRequest& request) {
  return parts_.once.Run(call, request, [&] { return parts_.portals.Update(call, request); });
}

absl::StatusOr<v1::Terms> PortalHandler::PublishTerms(const Call& call,
                                                      const v1::PublishTermsRequest& request) {
  RETURN_IF_ERROR(CheckTerms(request));
  return parts_.once.Run(call, request, [&] { return parts_.terms.Publish(call.caller, request); });
}

absl::StatusOr<v1::Terms> PortalHandler::GetTerms(const Call& call,
                                                  const v1::GetTermsRequest& request) {
  return parts_.terms.Get(call.caller.organisation_id, request.version());
}

absl::StatusOr<v1::ListTermsAcceptancesResponse> PortalHandler::ListTermsAcceptances(
    const Call& call, const v1::ListTermsAcceptancesRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(auto found, parts_.terms.ListAcceptances(call.caller.organisation_id, page));
  v1::ListTermsAcceptancesResponse response;
  response.set_next_page_token(CutPage(
      found, page, [](const TermsStore::Acceptance& row) { return absl::StrCat(row.number); }));
  for (const auto& row : found) *response.add_acceptances() = row.acceptance;
  return response;
}

absl::StatusOr<v1::FollowUploadLimitsResponse> PortalHandler::FollowUploadLimits(
    const Call& call, const v1::FollowUploadLimitsRequest& request) {
  RETURN_IF_ERROR(parts_.upload_limits.Set(call.caller.organisation_id, request));
  return v1::FollowUploadLimitsResponse();
}

absl::StatusOr<v1::HomeCase> PortalHandler::HomeCaseOf(const Call& call, const Case& mirrored,
                                                       const PortalSettings& settings,
                                                       const std::string& language) {
  v1::HomeCase home;
  *home.mutable_case_() =
      ToPortal(mirrored, *call.caller.AccessTo(mirrored.case_id), EditableBy(settings));
  home.mutable_status();
  const std::string& organisation_id = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const auto place, parts_.places.Find(organisation_id, mirrored.case_id));
  if (!place.has_value()) return home;
  const std::string& pipeline_id = place->pipeline.pipeline_id();
  ASSIGN_OR_RETURN(const auto passed,
                   parts_.places.Passed(organisation_id, mirrored.case_id, pipeline_id));
  *home.mutable_status() = StatusOf(*place, passed, language, settings.show_status_bar());
  const State* shown = FindState(place->pipeline, home.status().current().state_id());
  if (shown == nullptr) return home;
  const auto video = VideoOf(settings, pipeline_id, shown->state_id(), shown->parent_id());
  if (video.has_value()) *home.mutable_video() = *video;
  return home;
}

absl::StatusOr<v1::PortalHome> PortalHandler::GetHome(const Call& call,
                                                      const v1::GetHomeRequest& request) {
  ASSIGN_OR_RETURN(const PortalSettings settings, gate_.Enter(call));
  ASSIGN_OR_RETURN(const TermsStore::Standing standing, parts_.terms.StandingOf(call.caller));
  v1::PortalHome home;
  home.set_display_name(settings.display_name());
  home.set_logo_url(settings.logo_url());
  *home.mutable_colours() = settings.colours();
  home.set_client_guide_url(settings.client_guide_url());
  *home.mutable_languages() = settings.languages();
  home.set_first_entry(!standing.welcomed);
  home.set_show_profile_first(!standing.welcomed && settings.show_profile_first());
  if (!standing.welcomed && settings.has_overview_video()) {
    const auto video = ParseVideo(settings.overview_video());
    if (video.has_value()) *home.mutable_overview_video() = *video;
  }
  ASSIGN_OR_RETURN(*home.mutable_upload_limits(),
                   parts_.upload_limits.Get(call.caller.organisation_id));
  home.set_terms_to_accept(standing.due());
  if (standing.due() != 0) return home;
  ASSIGN_OR_RETURN(const std::vector<Case> cases,
                   parts_.cases.ListVisible(call.caller.organisation_id, call.caller.cases));
  for (const Case& mirrored : cases) {
    ASSIGN_OR_RETURN(*home.add_cases(), HomeCaseOf(call, mirrored, settings, request.language()));
  }
  return home;
}

absl::StatusOr<v1::FinishWelcomeResponse> PortalHandler::FinishWelcome(
    const Call& call, const v1::FinishWelcomeRequest&) {
  RETURN_IF_ERROR(gate_.Enter(call).status());
  RETURN_IF_ERROR(parts_.terms.FinishWelcome(call.caller));
  return v1::FinishWelcomeResponse();
}

absl::StatusOr<v1::PortalTerms> PortalHandler::GetPortalTerms(
    const Call& call, const v1::GetPortalTermsRequest& request) {
  RETURN_IF_ERROR(gate_.Enter(call).status());
  ASSIGN_OR_RETURN(const v1::Terms terms, parts_.terms.Get(call.caller.organisation_id, 0));
  ASSIGN_OR_RETURN(const TermsStore::Standing standing, parts_.terms.StandingOf(call.caller));
  const v1::TermsText& text = TextOf(terms, request.language());
  v1::PortalTerms shown;
  shown.set_version(terms.version());
  shown.set_title(text.title());
  shown.set_text(text.text());
  if (standing.version == terms.version() && standing.accepted.has_value()) {
    *shown.mutable_accept_time() = gatehouse::ToProto(*standing.accepted);
  }
  return shown;
}

absl::StatusOr<v1::AcceptTermsResponse> PortalHandler::AcceptTerms(
    const Call& call, const v1::AcceptTermsRequest& request) {
  RETURN_IF_ERROR(gate_.Enter(call).status());
  RETURN_IF_ERROR(parts_.terms.Accept(call, request));
  return v1::AcceptTermsResponse();
}

}  // namespace gatehouse::cases
