#include "services/documents/requests/domain/requests.h"

#include <map>

#include "services/common/base/random.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {

absl::StatusOr<DocumentRequest> Requests::Create(DocumentRequest request) {
  RETURN_IF_ERROR(cases_.Check(request.organisation_id, request.case_id, request.contact_id));
  ASSIGN_OR_RETURN(const DocumentRules rules, rules_.Get(request.organisation_id));
  request.document_request_id = NewId("drq");
  return requests_.Add(request, rules.max_document_requests);
}

absl::StatusOr<std::vector<AnsweredRequest>> Requests::List(const std::string& organisation_id,
                                                            const std::string& case_id,
                                                            const CaseAccess* access,
                                                            const Page& page) {
  ASSIGN_OR_RETURN(const auto requests, requests_.List(organisation_id, case_id, access, page));
  std::vector<AnsweredRequest> answered;
  std::map<std::string, size_t> places;
  std::vector<std::string> ids;
  for (const DocumentRequest& request : requests) {
    places[request.document_request_id] = answered.size();
    if (request.answers > 0) ids.push_back(request.document_request_id);
    answered.push_back({.request = request});
  }
  if (ids.empty()) return answered;
  ASSIGN_OR_RETURN(auto documents,
                   documents_.ListAnswers(organisation_id, case_id, access, ids, kAnswersShown));
  for (Document& document : documents) {
    const size_t place = places.at(document.document_request_id);
    answered[place].documents.push_back(std::move(document));
  }
  return answered;
}

}  // namespace gatehouse::documents
