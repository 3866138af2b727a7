#include "services/invitation/case_profile.h"

#include "absl/strings/str_cat.h"
#include "services/common/text/address.h"
#include "services/common/text/characters.h"

namespace gatehouse::invitation {
namespace {

constexpr size_t kNameMax = 200;

std::string NameOf(const cases::v1::Contact& contact) {
  const std::string given = OneLine(contact.given_name()), family = OneLine(contact.family_name());
  return Cut(absl::StrCat(given, given.empty() || family.empty() ? "" : " ", family), kNameMax);
}

}  // namespace

CaseProfile ProfileOf(const cases::v1::LookUpCaseResponse& mirror) {
  const cases::v1::Case& mirrored = mirror.case_();
  const std::string owner_email = NormalisedEmail(mirrored.owner().email());
  CaseProfile profile = {.display_name = Cut(OneLine(mirrored.display_name()), kNameMax),
                         .owner_name = Cut(OneLine(mirrored.owner().display_name()), kNameMax),
                         .owner_e164 = mirror.owner_phone(),
                         .owner_email = IsEmail(owner_email) ? owner_email : "",
                         .etag = mirrored.etag()};
  for (const cases::v1::Contact& contact : mirrored.contacts()) {
    const auto e164 = mirror.mobiles().find(contact.contact_id());
    profile.contacts.push_back({.contact_id = contact.contact_id(),
                                .name = NameOf(contact),
                                .email = NormalisedEmail(contact.email()),
                                .role = contact.role(),
                                .mobile = contact.mobile(),
                                .e164 = e164 == mirror.mobiles().end() ? "" : e164->second,
                                .is_person = contact.type() != cases::v1::COMPANY});
  }
  return profile;
}

}  // namespace gatehouse::invitation
