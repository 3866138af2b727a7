#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/notification/domain/texts.h"

namespace gatehouse::notification {

// People as a case has them now. An address or number that is not possible is empty.
struct CaseOwner {
  std::string id, name, email;
  std::string phone;  // E.164
};
struct CaseContact {
  std::string contact_id, name, role, email;
  std::string mobile;    // E.164
  bool invited = false;  // Has an access to the portal, used or not.
};
struct MirroredCase {
  std::string case_id, display_name;
  CaseOwner owner;
  std::vector<CaseContact> contacts;

  const CaseContact* Find(const std::string& contact_id) const {
    for (const CaseContact& contact : contacts) {
      if (contact.contact_id == contact_id) return &contact;
    }
    return nullptr;
  }
};

class CaseDirectory {
 public:
  virtual ~CaseDirectory() = default;
  // Each of them, in their order; NOT_FOUND for one that is gone.
  virtual std::vector<absl::StatusOr<MirroredCase>> LookUp(
      const std::string& organisation_id, const std::vector<std::string>& case_ids) = 0;
};

class CalendarDirectory {
 public:
  virtual ~CalendarDirectory() = default;
  // A visit as a file for calendars; nothing in it where no time was agreed on, or the visit is
  // gone.
  virtual absl::StatusOr<Attachment> LookUpVisit(const std::string& organisation_id,
                                                 const std::string& case_id,
                                                 const std::string& visit_id) = 0;
};

struct OrganisationProfile {
  std::string display_name, portal_url;
  absl::TimeZone time_zone = absl::UTCTimeZone();
};

class OrganisationDirectory {
 public:
  virtual ~OrganisationDirectory() = default;
  virtual absl::StatusOr<OrganisationProfile> LookUp(const std::string& organisation_id) = 0;
};

}  // namespace gatehouse::notification
