#include "services/documents/mirrored_cases.h"

#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {

absl::Status MirroredCases::Check(const std::string& organisation_id, const std::string& case_id,
                                  const std::string& contact_id) {
  cases::v1::LookUpCaseRequest request;
  request.set_case_id(case_id);
  ASSIGN_OR_RETURN(const auto found, cases_.Call(&cases::v1::CaseDirectory_Stub::LookUpCase,
                                                 organisation_id, request));
  if (contact_id.empty()) return absl::OkStatus();
  for (const cases::v1::Contact& contact : found.case_().contacts()) {
    if (contact.contact_id() == contact_id) return absl::OkStatus();
  }
  return Refuse(common::v1::NOT_FOUND, "the case has no such contact");
}

}  // namespace gatehouse::documents
