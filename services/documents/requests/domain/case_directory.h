#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace gatehouse::documents {

// A contact as messages go to it.
struct CaseContact {
  std::string contact_id, name;
  std::string email;   // Empty where it is none.
  std::string mobile;  // E.164; empty where it is none.
};

// What documents must know of a case.
struct MirroredCase {
  std::string display_name;
  std::vector<CaseContact> contacts;
};

// What documents asks of the mirror of cases.
class CaseDirectory {
 public:
  virtual ~CaseDirectory() = default;
  // Refuses NOT_FOUND.
  virtual absl::StatusOr<MirroredCase> LookUp(const std::string& organisation_id,
                                              const std::string& case_id) = 0;

  // OK if the case exists, and has this contact unless that is empty. Refuses NOT_FOUND.
  absl::Status Check(const std::string& organisation_id, const std::string& case_id,
                     const std::string& contact_id);
};

// OK if the case has this contact, or that is empty. Refuses NOT_FOUND.
absl::Status CheckContact(const MirroredCase& mirrored, const std::string& contact_id);

}  // namespace gatehouse::documents
