#include "services/cases/search/handler.h"

#include <algorithm>

#include "services/cases/case_proto.h"
#include "services/cases/search/domain/query.h"
#include "services/common/base/status.h"

namespace gatehouse::cases {
namespace {

constexpr size_t kMaxWords = 8;
constexpr int kPageSize = 20;

// Adds those that are not among them yet.
void Merge(SearchStore::Found more, int limit, SearchStore::Found& found) {
  found.more = found.more || more.more;
  for (Case& mirrored : more.cases) {
    const bool there = std::any_of(found.cases.begin(), found.cases.end(), [&](const Case& other) {
      return other.case_id == mirrored.case_id;
    });
    if (there) continue;
    if (found.cases.size() == static_cast<size_t>(limit)) {
      found.more = true;
      return;
    }
    found.cases.push_back(std::move(mirrored));
  }
}

}  // namespace

void SearchHandler::Register(Server& server) {
  server.Service("gatehouse.cases.v1.CaseSearch")
      .Unary("SearchCases", *this, &SearchHandler::SearchCases);
}

absl::StatusOr<v1::SearchCasesResponse> SearchHandler::SearchCases(
    const Call& call, const v1::SearchCasesRequest& request) {
  const std::string& organisation_id = call.caller.organisation_id;
  const int limit = request.page_size() > 0 ? request.page_size() : kPageSize;
  ASSIGN_OR_RETURN(const std::vector<std::string> words, search_.WordsOf(request.query()));
  if (words.empty()) return RefuseField("query", "has no letter and no digit");
  if (words.size() > kMaxWords) return RefuseField("query", "has more than eight words");
  ASSIGN_OR_RETURN(SearchStore::Found found, search_.Find(organisation_id, words, limit));
  if (const std::string number = NumberWord(request.query()); !number.empty()) {
    ASSIGN_OR_RETURN(SearchStore::Found numbered, search_.Find(organisation_id, {number}, limit));
    Merge(std::move(numbered), limit, found);
  }
  RETURN_IF_ERROR(AddStates(places_, organisation_id, found.cases));
  v1::SearchCasesResponse response;
  for (const Case& mirrored : found.cases) *response.add_cases() = ToProto(mirrored);
  response.set_more(found.more);
  return response;
}

}  // namespace gatehouse::cases
