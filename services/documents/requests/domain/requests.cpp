#include "services/documents/requests/domain/requests.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/documents/requests/domain/reminders.h"

namespace gatehouse::documents {
namespace {

// Lists are in the order of ids, and those of one moment are in none.
void NameInOrder(std::vector<DocumentRequest>& requests) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < requests.size(); ++i) ids.push_back(NewId("drq"));
  std::sort(ids.begin(), ids.end());
  for (size_t i = 0; i < requests.size(); ++i) requests[i].document_request_id = ids[i];
}

}  // namespace

absl::StatusOr<DocumentRequest> Requests::Create(DocumentRequest request) {
  const std::string& organisation = request.organisation_id;
  RETURN_IF_ERROR(places_.cases.Check(organisation, request.case_id, request.contact_id));
  ASSIGN_OR_RETURN(const OrganisationProfile profile, places_.organisations.LookUp(organisation));
  ASSIGN_OR_RETURN(const DocumentRules rules, places_.rules.Get(organisation));
  const absl::Time now = places_.clock.Now();
  RETURN_IF_ERROR(CheckDueDate(request.due_date, absl::ToCivilDay(now, profile.time_zone)));
  request.document_request_id = NewId("drq");
  ASSIGN_OR_RETURN(auto added,
                   places_.requests.Add({std::move(request)}, rules.max_document_requests,
                                        ByDay(now + kGather, profile.time_zone)));
  return std::move(added.front());
}

absl::StatusOr<std::vector<DocumentRequest>> Requests::Apply(const DocumentRequest& like,
                                                             const std::string& template_id) {
  const std::string& organisation = like.organisation_id;
  RETURN_IF_ERROR(places_.cases.Check(organisation, like.case_id, like.contact_id));
  ASSIGN_OR_RETURN(const RequestTemplate found, places_.templates.Get(organisation, template_id));
  ASSIGN_OR_RETURN(const OrganisationProfile profile, places_.organisations.LookUp(organisation));
  ASSIGN_OR_RETURN(const DocumentRules rules, places_.rules.Get(organisation));
  const absl::Time now = places_.clock.Now();
  const absl::CivilDay today = absl::ToCivilDay(now, profile.time_zone);
  std::vector<DocumentRequest> requests;
  for (const RequestTemplate::Item& item : found.items) {
    DocumentRequest request = like;
    request.title = item.title;
    request.label = item.label;
    if (item.due_days > 0) request.due_date = absl::FormatCivilTime(today + item.due_days);
    requests.push_back(std::move(request));
  }
  NameInOrder(requests);
  return places_.requests.Add(std::move(requests), rules.max_document_requests,
                              ByDay(now + kGather, profile.time_zone));
}

absl::StatusOr<std::vector<AnsweredRequest>> Requests::List(const std::string& organisation_id,
                                                            const std::string& case_id,
                                                            const CaseAccess* access,
                                                            const Page& page) {
  ASSIGN_OR_RETURN(auto requests, places_.requests.List(organisation_id, case_id, access, page));
  return WithAnswers(std::move(requests), access);
}

absl::StatusOr<std::vector<AnsweredRequest>> Requests::WithAnswers(
    std::vector<DocumentRequest> requests, const CaseAccess* access) {
  std::vector<AnsweredRequest> answered;
  std::map<std::string, size_t> places;
  std::vector<std::string> ids;
  for (DocumentRequest& request : requests) {
    places[request.document_request_id] = answered.size();
    if (request.answers > 0) ids.push_back(request.document_request_id);
    answered.push_back({.request = std::move(request)});
  }
  if (ids.empty()) return answered;
  const DocumentRequest& first = answered.front().request;
  ASSIGN_OR_RETURN(auto documents,
                   places_.documents.ListAnswers(first.organisation_id, first.case_id, access, ids,
                                                 kAnswersShown));
  for (Document& document : documents) {
    const size_t place = places.at(document.document_request_id);
    answered[place].documents.push_back(std::move(document));
  }
  return answered;
}

absl::StatusOr<AnsweredRequest> Requests::Change(const RequestName& name, const CaseAccess* access,
                                                 const RequestStore::Step& step,
                                                 absl::Time look_time) {
  ASSIGN_OR_RETURN(DocumentRequest changed,
                   places_.requests.Change(name.organisation_id, name.case_id,
                                           name.document_request_id, step, look_time));
  ASSIGN_OR_RETURN(auto answered, WithAnswers({std::move(changed)}, access));
  return std::move(answered.front());
}

absl::StatusOr<AnsweredRequest> Requests::Accept(const RequestName& name) {
  const absl::Time now = places_.clock.Now();
  return Change(
      name, nullptr, [now](DocumentRequest request) { return Accepted(std::move(request), now); },
      absl::InfiniteFuture());
}

absl::StatusOr<AnsweredRequest> Requests::Return(const RequestName& name,
                                                 const std::string& reason) {
  ASSIGN_OR_RETURN(const OrganisationProfile profile,
                   places_.organisations.LookUp(name.organisation_id));
  const absl::Time now = places_.clock.Now();
  return Change(
      name, nullptr,
      [&](DocumentRequest request) { return Returned(std::move(request), reason, now); },
      ByDay(now + kGather, profile.time_zone));
}

absl::StatusOr<AnsweredRequest> Requests::Decline(const RequestName& name, const CaseAccess& access,
                                                  const std::string& reason) {
  RETURN_IF_ERROR(
      places_.requests.Get(name.organisation_id, name.case_id, &access, name.document_request_id)
          .status());
  return Change(
      name, &access, [&](DocumentRequest request) { return Declined(std::move(request), reason); },
      absl::InfiniteFuture());
}

absl::Status Requests::Remove(const RequestName& name) {
  return places_.requests.Remove(name.organisation_id, name.case_id, name.document_request_id);
}

}  // namespace gatehouse::documents
