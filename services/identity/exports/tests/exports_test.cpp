#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/identity/exports/handler.h"
#include "services/identity/passwords/tests/fixture.h"

namespace gatehouse::identity {
namespace {

struct Exporting : PasswordFixture {
  ExportHandler handler{database.postgres()};

  std::string Known(const std::string& contact_id, common::v1::PersonalData kind,
                    const std::string& organisation_id = "acme") {
    common::v1::ExportContactRequest request;
    request.mutable_subject()->set_contact_id(contact_id);
    request.mutable_subject()->add_case_ids("deal-1");
    const auto found = handler.ExportContact(ServiceCall(organisation_id), request);
    INFO(found.status().ToString());
    REQUIRE(found.ok());
    std::string all;
    for (const auto& record : found->records()) {
      if (record.kind() == kind) absl::StrAppend(&all, record.json(), "\n");
    }
    return all;
  }
};

TEST_CASE_METHOD(Exporting, "a contact is given its access and account, and no secret",
                 "[service][no-tsan]") {
  const std::string token = TokenOf(Create(By("ada", "inv_1", "deal-1"), kGood));
  TokenOf(Create(By("bob", "inv_2", "deal-1"), kOther));
  CHECK(absl::StrContains(Known("ada", common::v1::GRANT), "inv_1"));
  CHECK_FALSE(absl::StrContains(Known("ada", common::v1::GRANT), "inv_2"));
  CHECK(absl::StrContains(Known("ada", common::v1::SESSION), "userAgent"));
  const std::string account = Known("ada", common::v1::ACCOUNT);
  CHECK(absl::StrContains(account, "Ada@example.com"));
  CHECK(absl::StrContains(account, "PASSWORD"));
  const auto verifier = database.Exec("SELECT verifier FROM password LIMIT 1");
  const std::string all = account + Known("ada", common::v1::SESSION);
  CHECK_FALSE(absl::StrContains(all, verifier[0]["verifier"].c_str()));
  CHECK_FALSE(absl::StrContains(all, token));
  for (const auto kind : {common::v1::GRANT, common::v1::SESSION, common::v1::ACCOUNT}) {
    CHECK(Known("ada", kind, "other").empty());
  }
}

TEST_CASE_METHOD(Exporting, "a contact is given what it did; by an account of two nobody is",
                 "[service][no-tsan]") {
  REQUIRE(SignIn().ok());
  CHECK(absl::StrContains(Known("ada", common::v1::AUDIT_EVENT), "networkAddress"));
  database.Exec(
      "INSERT INTO access_grant (organisation_id, invitation_id, account_id, case_id, contact_id, "
      "sees_all, document_request_ids) SELECT organisation_id, 'inv_9', account_id, case_id, "
      "'bob', "
      "sees_all, '' FROM access_grant WHERE contact_id = 'ada'");
  CHECK(Known("ada", common::v1::AUDIT_EVENT).empty());
  CHECK(Known("ada", common::v1::ACCOUNT).empty());
  CHECK_FALSE(Known("ada", common::v1::GRANT).empty());
}

}  // namespace
}  // namespace gatehouse::identity
