#include "services/documents/requests/domain/chosen_requests.h"

#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

const CaseAccess* PointerTo(const std::optional<CaseAccess>& access) {
  return access.has_value() ? &*access : nullptr;
}

}  // namespace

absl::StatusOr<std::optional<CaseAccess>> ChosenRequests::Complete(
    const std::string& organisation_id, const CaseAccess* access) {
  if (access == nullptr) return std::nullopt;
  CaseAccess complete = *access;
  if (complete.chose_requests) {
    ASSIGN_OR_RETURN(complete.document_request_ids,
                     choices_.Of(organisation_id, complete.invitation_id));
  }
  return complete;
}

absl::StatusOr<std::vector<DocumentRequest>> ChosenRequests::Add(
    std::vector<DocumentRequest> requests, int max, absl::Time look_time) {
  return store_.Add(std::move(requests), max, look_time);
}

absl::StatusOr<DocumentRequest> ChosenRequests::Get(const std::string& organisation_id,
                                                    const std::string& case_id,
                                                    const CaseAccess* access,
                                                    const std::string& document_request_id) {
  ASSIGN_OR_RETURN(const auto complete, Complete(organisation_id, access));
  return store_.Get(organisation_id, case_id, PointerTo(complete), document_request_id);
}

absl::StatusOr<std::vector<DocumentRequest>> ChosenRequests::List(
    const std::string& organisation_id, const std::string& case_id, const CaseAccess* access,
    const Page& page) {
  ASSIGN_OR_RETURN(const auto complete, Complete(organisation_id, access));
  return store_.List(organisation_id, case_id, PointerTo(complete), page);
}

absl::StatusOr<std::vector<std::string>> ChosenRequests::ListIds(const std::string& organisation_id,
                                                                 const std::string& case_id) {
  return store_.ListIds(organisation_id, case_id);
}

absl::StatusOr<std::vector<DocumentRequest>> ChosenRequests::ListOpen(
    const std::string& organisation_id, const std::string& case_id, int max) {
  return store_.ListOpen(organisation_id, case_id, max);
}

absl::StatusOr<DocumentRequest> ChosenRequests::Change(const std::string& organisation_id,
                                                       const std::string& case_id,
                                                       const std::string& document_request_id,
                                                       const Step& step, absl::Time look_time) {
  return store_.Change(organisation_id, case_id, document_request_id, step, look_time);
}

absl::Status ChosenRequests::Remove(const std::string& organisation_id, const std::string& case_id,
                                    const std::string& document_request_id) {
  return store_.Remove(organisation_id, case_id, document_request_id);
}

}  // namespace gatehouse::documents
