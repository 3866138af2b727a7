#include "services/notification/preferences/services_directory.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/cases/v1/visit_calendars.pb.h"
#include "gatehouse/identity/v1/organisations.pb.h"
#include "services/common/base/status.h"
#include "services/common/text/address.h"
#include "services/common/text/characters.h"

namespace gatehouse::notification {
namespace {

constexpr size_t kNameMax = 200, kAtOnce = 32;

std::string Name(const std::string& text) { return Cut(OneLine(text), kNameMax); }

std::string Mailbox(const std::string& text) {
  const std::string email = NormalisedEmail(text);
  return IsEmail(email) ? email : "";
}

MirroredCase From(const cases::v1::LookUpCaseResponse& found) {
  const cases::v1::Case& mirrored = found.case_();
  MirroredCase made = {.case_id = mirrored.case_id(),
                       .display_name = Name(mirrored.display_name()),
                       .owner = {.id = mirrored.owner().id(),
                                 .name = Name(mirrored.owner().display_name()),
                                 .email = Mailbox(mirrored.owner().email()),
                                 .phone = found.owner_phone()}};
  for (const cases::v1::Contact& contact : mirrored.contacts()) {
    const auto mobile = found.mobiles().find(contact.contact_id());
    made.contacts.push_back(
        {.contact_id = contact.contact_id(),
         .name = Name(absl::StrCat(contact.given_name(), " ", contact.family_name())),
         .role = contact.role(),
         .email = Mailbox(contact.email()),
         .mobile = mobile == found.mobiles().end() ? "" : mobile->second,
         .invited =
             contact.portal() == cases::v1::INVITED || contact.portal() == cases::v1::ACTIVE});
  }
  return made;
}

}  // namespace

std::vector<absl::StatusOr<MirroredCase>> MirroredCases::LookUp(
    const std::string& organisation_id, const std::vector<std::string>& case_ids) {
  std::vector<absl::StatusOr<MirroredCase>> found;
  for (size_t begin = 0; begin < case_ids.size(); begin += kAtOnce) {
    std::vector<Future<cases::v1::LookUpCaseResponse>> asked;
    for (size_t i = begin; i < std::min(case_ids.size(), begin + kAtOnce); ++i) {
      cases::v1::LookUpCaseRequest request;
      request.set_case_id(case_ids[i]);
      asked.push_back(
          cases_.Ask(&cases::v1::CaseDirectory_Stub::LookUpCase, organisation_id, request));
    }
    for (auto& one : asked) {
      const auto answer = one.Get();
      if (answer.ok()) {
        found.push_back(From(*answer));
      } else {
        found.push_back(answer.status());
      }
    }
  }
  return found;
}

absl::StatusOr<Attachment> VisitCalendars::LookUpVisit(const std::string& organisation_id,
                                                       const std::string& case_id,
                                                       const std::string& visit_id) {
  cases::v1::LookUpVisitCalendarRequest request;
  request.set_case_id(case_id);
  request.set_visit_id(visit_id);
  const auto found =
      cases_.Call(&cases::v1::VisitCalendars_Stub::LookUpVisitCalendar, organisation_id, request);
  if (absl::IsNotFound(found.status())) return Attachment();
  RETURN_IF_ERROR(found.status());
  return Attachment{
      .content_type = found->content_type(), .name = "visit.ics", .data = found->data()};
}

absl::StatusOr<OrganisationProfile> IdentityOrganisations::LookUp(
    const std::string& organisation_id) {
  ASSIGN_OR_RETURN(const auto found,
                   identity_.Call(&identity::v1::OrganisationDirectory_Stub::LookUpOrganisation,
                                  organisation_id, identity::v1::LookUpOrganisationRequest()));
  OrganisationProfile profile = {.display_name = found.display_name(),
                                 .portal_url = found.portal_url()};
  // What this machine's database of time zones does not know goes by UTC.
  absl::LoadTimeZone(found.time_zone(), &profile.time_zone);
  return profile;
}

}  // namespace gatehouse::notification
