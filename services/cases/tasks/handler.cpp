#include "services/cases/tasks/handler.h"

#include "services/cases/domain/seen_by.h"
#include "services/cases/factfind/domain/definition.h"

namespace gatehouse::cases {
namespace {

v1::ListTasksResponse ResponseOf(const std::vector<v1::Task>& tasks) {
  v1::ListTasksResponse response;
  for (const v1::Task& task : tasks) *response.add_tasks() = task;
  return response;
}

}  // namespace

void TasksHandler::Register(Server& server) {
  server.Service("gatehouse.cases.v1.Tasks").Unary("ListTasks", *this, &TasksHandler::ListTasks);
  server.Service("gatehouse.cases.v1.PortalTasks")
      .Unary("ListPortalTasks", *this, &TasksHandler::ListPortalTasks);
}

absl::StatusOr<std::vector<AskedFactFind>> TasksHandler::FactFindsOf(
    const FactFindStore::Target& target) {
  std::vector<AskedFactFind> asked;
  ASSIGN_OR_RETURN(const auto finds, parts_.fact_finds.List(target));
  for (const v1::FactFind& find : finds) {
    ASSIGN_OR_RETURN(const auto flow, parts_.flows.Version(target.organisation_id, find.flow_id(),
                                                           find.flow_version()));
    asked.push_back({find, SubmitActionOf(*flow)});
    asked.back().find.set_display_name(flow->display_name());
  }
  return asked;
}

absl::StatusOr<TaskSources> TasksHandler::SourcesOf(const Call& call,
                                                    const v1::ListTasksRequest& request,
                                                    const OfferStore::Reader& reader) {
  const std::string& organisation_id = call.caller.organisation_id;
  const std::string& case_id = request.case_id();
  TaskSources sources;
  ASSIGN_OR_RETURN(sources.offers, parts_.offers.List(organisation_id, case_id, reader));
  ASSIGN_OR_RETURN(sources.visits, parts_.visits.List(organisation_id, case_id, reader.seen_by));
  ASSIGN_OR_RETURN(sources.drawing, parts_.drawings.Get(organisation_id, case_id));
  ASSIGN_OR_RETURN(sources.fact_finds, FactFindsOf({organisation_id, case_id, "", reader.seen_by}));
  ASSIGN_OR_RETURN(sources.place, parts_.places.Find(organisation_id, case_id));
  sources.language = request.language();
  return sources;
}

absl::StatusOr<v1::ListTasksResponse> TasksHandler::ListTasks(const Call& call,
                                                              const v1::ListTasksRequest& request) {
  ASSIGN_OR_RETURN(const TaskSources sources,
                   SourcesOf(call, request, {.seen_by = kEverybody, .staff = true}));
  return ResponseOf(TasksOf(sources));
}

absl::StatusOr<v1::ListTasksResponse> TasksHandler::ListPortalTasks(
    const Call& call, const v1::ListTasksRequest& request) {
  RETURN_IF_ERROR(parts_.gate.Enter(call).status());
  ASSIGN_OR_RETURN(const TermsStore::Standing standing, parts_.terms.StandingOf(call.caller));
  TaskSources of_terms;
  of_terms.terms_to_accept = standing.due();
  if (standing.due() != 0) return ResponseOf(TasksOf(of_terms));
  // What others are to do is no task of this client, though it may see it.
  const std::string& contact_id = call.caller.AccessTo(request.case_id())->contact_id;
  ASSIGN_OR_RETURN(const TaskSources sources,
                   SourcesOf(call, request, {.seen_by = contact_id, .staff = false}));
  return ResponseOf(TasksOf(sources));
}

}  // namespace gatehouse::cases
