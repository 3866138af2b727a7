#pragma once

#include <map>
#include <string>

#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/clock.h"
#include "services/common/base/status.h"
#include "services/notification/preferences/domain/directories.h"

namespace gatehouse::notification {

struct FixedClock : Clock {
  absl::Time Now() const override { return now; }
  absl::Time now = absl::Now();
};

// Olive's case with Ada, who was invited, Bob, too, and Carol, who was not.
inline MirroredCase DealOf(const std::string& case_id) {
  return {.case_id = case_id,
          .display_name = "12 Harbour Street",
          .owner = {"olive", "Olive Owner", "olive@example.com", "+61290000000"},
          .contacts = {
              {"ada", "Ada Lovelace", "PRIMARY_APPLICANT", "ada@example.com", "+61412345678", true},
              {"bob", "Bob Babbage", "APPLICANT", "bob@example.com", "+61487654321", true},
              {"carol", "Carol Shaw", "GUARANTOR", "carol@example.com", "", false}}};
}

struct KnownCases : CaseDirectory {
  std::vector<absl::StatusOr<MirroredCase>> LookUp(
      const std::string&, const std::vector<std::string>& case_ids) override {
    std::vector<absl::StatusOr<MirroredCase>> found;
    for (const std::string& id : case_ids) {
      const auto one = cases.find(id);
      if (!away.ok()) {
        found.push_back(away);
      } else if (one == cases.end()) {
        found.push_back(Refuse(common::v1::NOT_FOUND, "there is no such case"));
      } else {
        found.push_back(one->second);
      }
    }
    return found;
  }
  std::map<std::string, MirroredCase> cases = {{"deal-1", DealOf("deal-1")}};
  absl::Status away;
};

struct KnownCalendars : CalendarDirectory {
  absl::StatusOr<Attachment> LookUpVisit(const std::string&, const std::string&,
                                         const std::string& visit_id) override {
    RETURN_IF_ERROR(away);
    return visits[visit_id];
  }
  std::map<std::string, Attachment> visits;
  absl::Status away;
};

struct KnownOrganisations : OrganisationDirectory {
  KnownOrganisations() { absl::LoadTimeZone("Australia/Sydney", &profile.time_zone); }
  absl::StatusOr<OrganisationProfile> LookUp(const std::string&) override { return profile; }
  OrganisationProfile profile = {"Harbour Home Loans", "https://p.acme.example"};
};

}  // namespace gatehouse::notification
