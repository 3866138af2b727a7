#include "services/documents/mirrored_cases.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/cases.pb.h"
#include "services/common/base/status.h"
#include "services/common/text/address.h"
#include "services/common/text/characters.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kNameMax = 200;

CaseContact ContactFrom(const cases::v1::Contact& contact) {
  const std::string email = NormalisedEmail(contact.email());
  const std::string name = absl::StrCat(contact.given_name(), " ", contact.family_name());
  return {.contact_id = contact.contact_id(),
          .name = Cut(OneLine(name), kNameMax),
          .email = IsEmail(email) ? email : ""};
}

}  // namespace

absl::StatusOr<MirroredCase> MirroredCases::LookUp(const std::string& organisation_id,
                                                   const std::string& case_id) {
  cases::v1::LookUpCaseRequest request;
  request.set_case_id(case_id);
  ASSIGN_OR_RETURN(const auto found, cases_.Call(&cases::v1::CaseDirectory_Stub::LookUpCase,
                                                 organisation_id, request));
  MirroredCase mirrored = {.display_name = Cut(OneLine(found.case_().display_name()), kNameMax)};
  for (const cases::v1::Contact& contact : found.case_().contacts()) {
    mirrored.contacts.push_back(ContactFrom(contact));
    const auto mobile = found.mobiles().find(contact.contact_id());
    if (mobile != found.mobiles().end()) mirrored.contacts.back().mobile = mobile->second;
  }
  return mirrored;
}

}  // namespace gatehouse::documents
