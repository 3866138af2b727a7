#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"

namespace gatehouse::documents {

// Where a request stands; numbered as it is kept, and as the contract has it.
enum class RequestState { kRequired = 1, kPendingReview = 2, kAccepted = 3, kReturned = 4 };

// What is asked of the contacts of a case.
struct DocumentRequest {
  std::string organisation_id, document_request_id, case_id, title, label;
  std::string contact_id;  // Empty: every contact of the case.
  std::string due_date;    // As ISO 8601 writes it; empty: no matter when.
  RequestState state = RequestState::kRequired;
  std::string return_reason;       // Of kReturned.
  std::string unavailable_reason;  // The client's, since it handed in something last.
  int64_t answers = 0;             // How many documents answer it, whoever may see them.
  absl::Time create_time;
  absl::Time review_time = absl::InfinitePast();
};

// Whether the client is still to do something about it.
inline bool IsOpen(const DocumentRequest& request) {
  return request.state == RequestState::kRequired || request.state == RequestState::kReturned;
}

// What it becomes once a document answers it. Refuses DOCUMENT_REQUEST_ACCEPTED.
absl::StatusOr<DocumentRequest> Answered(DocumentRequest request);
// What it becomes once one of its documents is gone; its answers still count that one. Refuses
// DOCUMENT_FINAL where it has been accepted.
absl::StatusOr<DocumentRequest> Unanswered(DocumentRequest request);
// The same by a word: the client has no such document. Refuses DOCUMENT_REQUEST_ACCEPTED.
absl::StatusOr<DocumentRequest> Declined(DocumentRequest request, const std::string& reason);
// Once staff took it. One that was accepted stays as it is.
DocumentRequest Accepted(DocumentRequest request, absl::Time now);
// Once staff sent it back. Refuses DOCUMENT_REQUEST_NOT_ANSWERED.
absl::StatusOr<DocumentRequest> Returned(DocumentRequest request, const std::string& reason,
                                         absl::Time now);

// OK if it is empty, or a day of the calendar that is not before `today`. Refuses INVALID_REQUEST.
absl::Status CheckDueDate(const std::string& due_date, absl::CivilDay today);

// What is asked of it, of everybody, or of anybody where it sees everything; of those only the
// chosen ones where the invitation chose. The store's lists say the same in SQL.
bool MaySee(const CaseAccess& access, const DocumentRequest& request);

}  // namespace gatehouse::documents
