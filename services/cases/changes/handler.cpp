#include "services/cases/changes/handler.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/cases/case_proto.h"
#include "services/common/base/page.h"
#include "services/common/base/proto_time.h"

namespace gatehouse::cases {
namespace {

constexpr int kPageSize = 100;

absl::StatusOr<int64_t> AfterOf(const Page& page) {
  int64_t after = 0;
  if (page.after.empty()) return after;
  // 0 is where there was nothing yet.
  if (absl::SimpleAtoi(page.after, &after) && after >= 0) return after;
  return Refuse(common::v1::PAGE_TOKEN_INVALID, "the page token is not one that this list gave");
}

}  // namespace

void ChangesHandler::Register(Server& server) {
  server.Service("gatehouse.cases.v1.CaseChanges")
      .Unary("ListCaseChanges", *this, &ChangesHandler::ListCaseChanges);
}

absl::StatusOr<v1::ListCaseChangesResponse> ChangesHandler::ListCaseChanges(
    const Call& call, const v1::ListCaseChangesRequest& request) {
  const std::string& organisation_id = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const Page page, CursorOf(request, kPageSize));
  ASSIGN_OR_RETURN(int64_t after, AfterOf(page));
  ASSIGN_OR_RETURN(std::vector<CaseChange> changes,
                   changes_.List(organisation_id, after, page.size));
  std::vector<std::string> case_ids;
  for (const CaseChange& change : changes) case_ids.push_back(change.case_id);
  ASSIGN_OR_RETURN(const auto states, places_.Of(organisation_id, case_ids));
  v1::ListCaseChangesResponse response;
  for (CaseChange& change : changes) {
    v1::CaseChange& proto = *response.add_changes();
    proto.set_case_id(change.case_id);
    *proto.mutable_change_time() = gatehouse::ToProto(change.time);
    after = change.number;
    if (!change.mirrored.has_value()) continue;
    const auto state = states.find(change.case_id);
    if (state != states.end()) change.mirrored->state = state->second;
    *proto.mutable_case_() = ToProto(*change.mirrored);
  }
  response.set_next_page_token(page.TokenAfter(absl::StrCat(after)));
  return response;
}

}  // namespace gatehouse::cases
