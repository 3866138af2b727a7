#include <catch2/catch.hpp>

#include "services/invitation/case_profile.h"
#include "services/invitation/domain/preflight.h"

namespace gatehouse::invitation {
namespace {

std::vector<std::string> TypesOf(const std::vector<Violation>& violations) {
  std::vector<std::string> types;
  for (const Violation& violation : violations) types.push_back(violation.type);
  return types;
}

TEST_CASE("every unmet condition is told at once", "[unit]") {
  ContactProfile contact;
  contact.contact_id = "ada";
  contact.role = "FRIEND";
  Policy policy;
  policy.set_max_invitations_per_case(3);
  policy.add_eligible_roles("PRIMARY_APPLICANT");
  policy.add_required_labels("Credit guide");
  policy.add_required_labels("Privacy disclosure");
  CHECK(TypesOf(Preflight(contact, {}, {}, {}, policy)) ==
        std::vector<std::string>{"CONTACT_NAME_MISSING", "CONTACT_EMAIL_MISSING",
                                 "CONTACT_MOBILE_MISSING", "ROLE_NOT_ELIGIBLE",
                                 "SMS_NOT_CONFIGURED", "LABELLED_DOCUMENT_MISSING",
                                 "LABELLED_DOCUMENT_MISSING"});
  contact = {"ada", "Ada", "ada@", "Primary Applicant", "12", "", true};
  CaseDocuments labelled;
  labelled.labels = {"Credit guide", "Privacy disclosure"};
  CHECK(TypesOf(Preflight(contact, {}, labelled, {true, 0}, policy)) ==
        std::vector<std::string>{"CONTACT_EMAIL_INVALID", "CONTACT_MOBILE_INVALID",
                                 "SMS_CREDITS_EXHAUSTED"});
  contact = {"ada",          "Ada", "ada@example.com", "Primary Applicant", "+61412345678",
             "+61412345678", true};
  CaseProfile own;
  own.owner_e164 = "+61412345678";
  Policy disclosing = policy;
  disclosing.set_require_privacy_disclosure(true);
  CHECK(TypesOf(Preflight(contact, own, labelled, {true, 1}, disclosing)) ==
        std::vector<std::string>{"PRIVACY_DISCLOSURE_MISSING", "SHARED_WITH_SELF"});
  CHECK(TypesOf(Preflight(contact, {}, labelled, {true, 1, contact.e164}, policy)) ==
        std::vector<std::string>{"SHARED_WITH_SELF"});
  SmsStatus unwanted = {true, 1};
  unwanted.stopped = unwanted.country_not_allowed = true;
  CHECK(TypesOf(Preflight(contact, {}, labelled, unwanted, policy)) ==
        std::vector<std::string>{"SMS_STOPPED", "SMS_COUNTRY_NOT_ALLOWED"});
  contact.is_person = false;
  CHECK(TypesOf(Preflight(contact, {}, labelled, {true, 1}, policy)) ==
        std::vector<std::string>{"ROLE_NOT_ELIGIBLE"});
}

TEST_CASE("where the policy asks for it, a contact has addresses of its own [X-2]", "[unit]") {
  const auto person = [](const char* id, const char* email, const char* e164) {
    return ContactProfile{id, "Ada", email, "APPLICANT", e164, e164, true};
  };
  const ContactProfile ada = person("ada", "ada@example.com", "+61412345678");
  Policy policy;
  policy.add_eligible_roles("APPLICANT");
  const auto unmet = [&](const std::vector<ContactProfile>& others) {
    CaseProfile mirrored;
    mirrored.contacts = others;
    mirrored.contacts.push_back(ada);
    return TypesOf(Preflight(ada, mirrored, {}, {true, 9}, policy));
  };
  using Types = std::vector<std::string>;
  const auto same = person("bob", "Ada@EXAMPLE.com", "+61412345678");
  CHECK(unmet({same}).empty());
  policy.set_require_own_addresses(true);
  CHECK(unmet({same}) == Types{"CONTACT_EMAIL_SHARED", "CONTACT_MOBILE_SHARED"});
  CHECK(unmet({person("bob", "bob@example.com", "+61412345678")}) ==
        Types{"CONTACT_MOBILE_SHARED"});
  CHECK(unmet({person("bob", "ADA@example.com", "+61400000000")}) == Types{"CONTACT_EMAIL_SHARED"});
  CHECK(unmet({person("bob", "", "")}).empty());
  CHECK(unmet({person("bob", "bob@example.com", "+61400000000")}).empty());
}

TEST_CASE("there must be as many credits as one code of this organisation costs", "[unit]") {
  const ContactProfile contact = {
      "ada", "Ada", "ada@example.com", "APPLICANT", "+61412345678", "+61412345678", true};
  Policy policy;
  policy.add_eligible_roles("APPLICANT");
  const auto unmet = [&](int64_t balance, int segments) {
    const SmsStatus sms = {.configured = true, .balance = balance, .segments = segments};
    return TypesOf(Preflight(contact, {}, {}, sms, policy));
  };
  CHECK(unmet(2, 2).empty());
  CHECK(unmet(1, 2) == std::vector<std::string>{"SMS_CREDITS_EXHAUSTED"});
  CHECK(unmet(1, 1).empty());
}

TEST_CASE("a role is the same role in another spelling", "[unit]") {
  Policy policy;
  policy.add_eligible_roles("PRIMARY_APPLICANT");
  policy.add_eligible_roles("Co Borrower");
  for (const char* role : {"PRIMARY_APPLICANT", "Primary Applicant", "primary-applicant",
                           " Primary\u00a0Applicant ", "CO_BORROWER"}) {
    INFO(role);
    CHECK(IsEligible(policy, role));
  }
  for (const char* role : {"", "PRIMARY", "PRIMARYAPPLICANT", "PRIMARY_APPLICANT_2"}) {
    CHECK_FALSE(IsEligible(policy, role));
  }
}

TEST_CASE("a contact is reached by what stands between the blanks", "[unit]") {
  cases::v1::LookUpCaseResponse mirror;
  mirror.mutable_case_()->set_display_name(std::string(1000, 'x'));
  mirror.mutable_case_()->mutable_owner()->set_email(" olive@office.example");
  cases::v1::Contact& contact = *mirror.mutable_case_()->add_contacts();
  contact.set_contact_id("ada");
  contact.set_given_name("\u200b");
  contact.set_family_name("Love\tlace\n");
  contact.set_email("\u00a0ada@ex\u00e4mple.com ");
  (*mirror.mutable_mobiles())["ada"] = "+61412345678";
  CaseProfile profile = ProfileOf(mirror);
  CHECK(profile.display_name.size() == 200);
  CHECK(profile.owner_email == "olive@office.example");
  REQUIRE(profile.Find("ada") != nullptr);
  CHECK(profile.Find("ada")->name == "Love lace");
  CHECK(profile.Find("ada")->email == "ada@xn--exmple-cua.com");
  CHECK(profile.Find("ada")->e164 == "+61412345678");
  CHECK(profile.Find("bob") == nullptr);
  contact.set_family_name("\u3164");
  CHECK(ProfileOf(mirror).Find("ada")->name.empty());
}

}  // namespace
}  // namespace gatehouse::invitation
