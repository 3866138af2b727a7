#include "services/cases/factfind/handler.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/cases/domain/seen_by.h"
#include "services/cases/factfind/answers_json.h"
#include "services/cases/phone/e164.h"
#include "services/cases/portal/domain/video.h"

namespace gatehouse::cases {
namespace {

template <typename Request>
FactFindStore::Target ForStaff(const Call& call, const Request& request) {
  return {call.caller.organisation_id, request.case_id(), request.fact_find_id(), kEverybody};
}

template <typename Request>
FactFindStore::Target ForClient(const Call& call, const Request& request) {
  return {call.caller.organisation_id, request.case_id(), request.fact_find_id(),
          SeenBy(*call.caller.AccessTo(request.case_id()))};
}

Answers ByField(const std::vector<v1::Answer>& answers) {
  Answers by_field;
  for (const v1::Answer& answer : answers) {
    by_field[{answer.section_id(), answer.field_id()}] = answer.value();
  }
  return by_field;
}

bool HasPage(const Flow& flow, const v1::FlowVideo& video) {
  for (const Section& section : flow.definition()) {
    if (section.section_id() != video.section_id()) continue;
    if (video.subsection_id().empty()) return true;
    const auto& pages = section.subsections();
    return std::any_of(pages.begin(), pages.end(), [&](const v1::FactFindSubsection& page) {
      return page.subsection_id() == video.subsection_id();
    });
  }
  return false;
}

// Videos are the flow's of today; which pages there are, the version says that is answered.
void AddVideos(const Flow& today, const Flow& version, v1::FactFind& find) {
  if (!today.show_videos()) return;
  for (const v1::FlowVideo& video : today.videos()) {
    const auto parsed = ParseVideo(video.video());
    if (!parsed.has_value() || !HasPage(version, video)) continue;
    v1::FactFindVideo& shown = *find.add_videos();
    shown.set_section_id(video.section_id());
    shown.set_subsection_id(video.subsection_id());
    *shown.mutable_video() = *parsed;
  }
}

}  // namespace

void FactFindsHandler::Register(Server& server) {
  using Self = FactFindsHandler;
  server.Service("gatehouse.cases.v1.FactFinds")
      .Unary("CreateFactFind", *this, &Self::CreateFactFind)
      .Unary("ListFactFinds", *this, &Self::ListFactFinds)
      .Unary("GetFactFind", *this, &Self::GetFactFind)
      .Unary("GetAnswers", *this, &Self::GetAnswers)
      .Unary("SaveAnswer", *this, &Self::SaveAnswer)
      .Unary("ListAnswerChanges", *this, &Self::ListAnswerChanges)
      .Unary("UnlockFactFind", *this, &Self::UnlockFactFind);
  server.Service("gatehouse.cases.v1.PortalFactFinds")
      .Unary("ListPortalFactFinds", *this, &Self::ListPortalFactFinds)
      .Unary("GetPortalFactFind", *this, &Self::GetPortalFactFind)
      .Unary("SavePortalAnswer", *this, &Self::SavePortalAnswer)
      .Unary("SubmitFactFind", *this, &Self::SubmitFactFind);
  server.Service("gatehouse.cases.v1.FactFindDirectory")
      .Unary("CheckFlows", *this, &Self::CheckFlows)
      .Unary("OpenFactFinds", *this, &Self::OpenFactFinds);
}

absl::StatusOr<v1::FactFind> FactFindsHandler::CreateFactFind(
    const Call& call, const v1::CreateFactFindRequest& request) {
  const std::string& organisation_id = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const Case mirrored, parts_.mirror.Get(organisation_id, request.case_id()));
  RETURN_IF_ERROR(CheckContact(mirrored, request.contact_id()));
  ASSIGN_OR_RETURN(const v1::FactFind find, parts_.finds.Open(organisation_id, request));
  return Whole({organisation_id, request.case_id(), find.fact_find_id(), kEverybody});
}

absl::StatusOr<v1::ListFactFindsResponse> FactFindsHandler::List(const Target& target) {
  ASSIGN_OR_RETURN(const auto finds, parts_.finds.List(target));
  v1::ListFactFindsResponse response;
  for (const v1::FactFind& find : finds) {
    ASSIGN_OR_RETURN(const auto flow, parts_.flows.Version(target.organisation_id, find.flow_id(),
                                                           find.flow_version()));
    v1::FactFind& listed = *response.add_fact_finds();
    listed = find;
    listed.set_display_name(flow->display_name());
  }
  return response;
}

absl::StatusOr<v1::FactFind> FactFindsHandler::Whole(const Target& target) {
  ASSIGN_OR_RETURN(v1::FactFind find, parts_.finds.Get(target));
  ASSIGN_OR_RETURN(const auto flow, parts_.flows.Version(target.organisation_id, find.flow_id(),
                                                         find.flow_version()));
  ASSIGN_OR_RETURN(const auto answers, parts_.finds.Answers(target));
  ASSIGN_OR_RETURN(const Flow today,
                   parts_.flows.GetFlow(target.organisation_id, find.flow_id(), 0));
  find.set_display_name(flow->display_name());
  *find.mutable_definition() = flow->definition();
  for (const v1::Answer& answer : answers) *find.add_answers() = answer;
  for (const auto& row : ProgressOf(*flow, ByField(answers))) *find.add_progress() = row;
  AddVideos(today, *flow, find);
  return find;
}

absl::StatusOr<v1::ListFactFindsResponse> FactFindsHandler::ListFactFinds(
    const Call& call, const v1::ListFactFindsRequest& request) {
  return List({call.caller.organisation_id, request.case_id(), "", kEverybody});
}

absl::StatusOr<v1::FactFind> FactFindsHandler::GetFactFind(const Call& call,
                                                           const v1::GetFactFindRequest& request) {
  return Whole(ForStaff(call, request));
}

absl::StatusOr<v1::FactFindAnswers> FactFindsHandler::GetAnswers(
    const Call& call, const v1::GetFactFindRequest& request) {
  const Target target = ForStaff(call, request);
  ASSIGN_OR_RETURN(const v1::FactFind find, parts_.finds.Get(target));
  ASSIGN_OR_RETURN(const auto flow, parts_.flows.Version(target.organisation_id, find.flow_id(),
                                                         find.flow_version()));
  ASSIGN_OR_RETURN(const auto answers, parts_.finds.Answers(target));
  v1::FactFindAnswers response;
  response.set_flow_id(find.flow_id());
  response.set_flow_version(find.flow_version());
  response.set_state(find.state());
  *response.mutable_answers() = AnswersJson(*flow, ByField(answers));
  return response;
}

absl::StatusOr<v1::SaveAnswerResponse> FactFindsHandler::Save(
    const Call& call, const Target& target, const v1::SaveAnswerRequest& request) {
  ASSIGN_OR_RETURN(const v1::FactFind find, parts_.finds.Opened(target));
  ASSIGN_OR_RETURN(const auto flow, parts_.flows.Version(target.organisation_id, find.flow_id(),
                                                         find.flow_version()));
  const Field* field = FindField(*flow, request.section_id(), request.field_id());
  if (field == nullptr) return Refuse(common::v1::NOT_FOUND, "the flow has no such field");
  RETURN_IF_ERROR(CheckValue(*field, request.value(), [&](const std::string& written) {
    return !ToE164(written, call.caller.region).empty();
  }));
  v1::Answer answer;
  answer.set_section_id(request.section_id());
  answer.set_field_id(request.field_id());
  *answer.mutable_value() = request.value();
  answer.mutable_value()->DiscardUnknownFields();
  answer.set_etag(request.etag());
  const CaseAccess* access = call.caller.AccessTo(request.case_id());
  if (access != nullptr) {
    answer.set_contact_id(access->contact_id);
  } else {
    answer.set_staff_name(call.caller.actor_name);
  }
  return parts_.finds.Save(target, answer);
}

absl::StatusOr<v1::SaveAnswerResponse> FactFindsHandler::SaveAnswer(
    const Call& call, const v1::SaveAnswerRequest& request) {
  return Save(call, ForStaff(call, request), request);
}

absl::StatusOr<v1::ListAnswerChangesResponse> FactFindsHandler::ListAnswerChanges(
    const Call& call, const v1::ListAnswerChangesRequest& request) {
  const Target target = ForStaff(call, request);
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  RETURN_IF_ERROR(parts_.finds.Get(target).status());
  ASSIGN_OR_RETURN(auto changes, parts_.finds.ListChanges(target, page));
  v1::ListAnswerChangesResponse response;
  response.set_next_page_token(CutPage(changes, page, [](const FactFindStore::Change& change) {
    return absl::StrCat(change.number);
  }));
  for (const auto& change : changes) *response.add_changes() = change.answer;
  return response;
}

absl::StatusOr<v1::FactFind> FactFindsHandler::UnlockFactFind(
    const Call& call, const v1::UnlockFactFindRequest& request) {
  const Target target = ForStaff(call, request);
  return parts_.once.Run(call, request, [&]() -> absl::StatusOr<v1::FactFind> {
    RETURN_IF_ERROR(parts_.finds.Unlock(target, request.reason()));
    return Whole(target);
  });
}

absl::StatusOr<v1::ListFactFindsResponse> FactFindsHandler::ListPortalFactFinds(
    const Call& call, const v1::ListFactFindsRequest& request) {
  RETURN_IF_ERROR(parts_.gate.Enter(call).status());
  return List({call.caller.organisation_id, request.case_id(), "",
               SeenBy(*call.caller.AccessTo(request.case_id()))});
}

absl::StatusOr<v1::FactFind> FactFindsHandler::GetPortalFactFind(
    const Call& call, const v1::GetFactFindRequest& request) {
  RETURN_IF_ERROR(parts_.gate.Enter(call).status());
  return Whole(ForClient(call, request));
}

absl::StatusOr<v1::SaveAnswerResponse> FactFindsHandler::SavePortalAnswer(
    const Call& call, const v1::SaveAnswerRequest& request) {
  // The principal has said that the portal is open (ADR 49): saving is one statement.
  return Save(call, ForClient(call, request), request);
}

absl::StatusOr<v1::FactFind> FactFindsHandler::SubmitFactFind(
    const Call& call, const v1::SubmitFactFindRequest& request) {
  RETURN_IF_ERROR(parts_.gate.Enter(call).status());
  const Target target = ForClient(call, request);
  return parts_.once.Run(call, request, [&]() -> absl::StatusOr<v1::FactFind> {
    ASSIGN_OR_RETURN(const v1::FactFind find, parts_.finds.Get(target));
    ASSIGN_OR_RETURN(const auto flow, parts_.flows.Version(target.organisation_id, find.flow_id(),
                                                           find.flow_version()));
    RETURN_IF_ERROR(parts_.finds.Submit(
        target, call.caller.AccessTo(request.case_id())->contact_id,
        [&](const std::vector<v1::Answer>& answers) {
          return CheckComplete(*flow, ByField(answers));
        },
        [&] { return parts_.places.Act(call.caller, request.case_id(), SubmitActionOf(*flow)); }));
    return Whole(target);
  });
}

absl::StatusOr<v1::CheckFlowsResponse> FactFindsHandler::CheckFlows(
    const Call& call, const v1::CheckFlowsRequest& request) {
  RETURN_IF_ERROR(parts_.flows.Check(call.caller.organisation_id,
                                     {request.flow_ids().begin(), request.flow_ids().end()}));
  return v1::CheckFlowsResponse();
}

absl::StatusOr<v1::OpenFactFindsResponse> FactFindsHandler::OpenFactFinds(
    const Call& call, const v1::OpenFactFindsRequest& request) {
  v1::CreateFactFindRequest one;
  one.set_case_id(request.case_id());
  one.set_contact_id(request.contact_id());
  for (const std::string& flow_id : request.flow_ids()) {
    one.set_flow_id(flow_id);
    const absl::Status opened = parts_.finds.Open(call.caller.organisation_id, one).status();
    // Refused, it would be refused again: the invitation stands without it.
    if (!opened.ok() && ReasonOf(opened).empty()) return opened;
  }
  return v1::OpenFactFindsResponse();
}

}  // namespace gatehouse::cases
