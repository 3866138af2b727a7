#include "services/documents/requests/domain/document_request.h"

#include <algorithm>

#include "absl/time/civil_time.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

absl::Status CheckTakesAnswers(const DocumentRequest& request) {
  if (request.state != RequestState::kAccepted) return absl::OkStatus();
  return Refuse(v1::DOCUMENT_REQUEST_ACCEPTED, "what was asked for has been accepted");
}

}  // namespace

absl::StatusOr<DocumentRequest> Answered(DocumentRequest request) {
  RETURN_IF_ERROR(CheckTakesAnswers(request));
  request.state = RequestState::kPendingReview;
  request.return_reason.clear();
  request.unavailable_reason.clear();
  return request;
}

absl::StatusOr<DocumentRequest> Unanswered(DocumentRequest request) {
  if (request.state == RequestState::kAccepted) {
    return Refuse(v1::DOCUMENT_FINAL, "what the document answers has been accepted");
  }
  const bool last = request.answers <= 1 && request.unavailable_reason.empty();
  if (last && request.state == RequestState::kPendingReview) {
    request.state = RequestState::kRequired;
  }
  return request;
}

absl::StatusOr<DocumentRequest> Declined(DocumentRequest request, const std::string& reason) {
  RETURN_IF_ERROR(CheckTakesAnswers(request));
  request.state = RequestState::kPendingReview;
  request.return_reason.clear();
  request.unavailable_reason = reason;
  return request;
}

DocumentRequest Accepted(DocumentRequest request, absl::Time now) {
  if (request.state == RequestState::kAccepted) return request;
  request.state = RequestState::kAccepted;
  request.return_reason.clear();
  request.review_time = now;
  return request;
}

absl::StatusOr<DocumentRequest> Returned(DocumentRequest request, const std::string& reason,
                                         absl::Time now) {
  if (request.state == RequestState::kRequired) {
    return Refuse(v1::DOCUMENT_REQUEST_NOT_ANSWERED, "nothing was handed in yet");
  }
  if (request.state == RequestState::kReturned && request.return_reason == reason) return request;
  request.state = RequestState::kReturned;
  request.return_reason = reason;
  request.review_time = now;
  return request;
}

absl::Status CheckDueDate(const std::string& due_date, absl::CivilDay today) {
  if (due_date.empty()) return absl::OkStatus();
  absl::CivilDay day;
  if (!absl::ParseCivilTime(due_date, &day)) {
    return RefuseField("due_date", "must be a day of the calendar");
  }
  if (day < today) return RefuseField("due_date", "must not be past");
  return absl::OkStatus();
}

bool MaySee(const CaseAccess& access, const DocumentRequest& request) {
  if (request.case_id != access.case_id) return false;
  const auto& chosen = access.document_request_ids;
  if (access.chose_requests &&
      std::find(chosen.begin(), chosen.end(), request.document_request_id) == chosen.end()) {
    return false;
  }
  return request.contact_id.empty() || request.contact_id == access.contact_id ||
         access.visibility == Visibility::kAll;
}

}  // namespace gatehouse::documents
