#include "services/identity/erasure/handler.h"

#include "services/identity/passwords/tests/fixture.h"
#include "tests/support/erased.h"

namespace gatehouse::identity {
namespace {

struct Erasing : PasswordFixture {
  ErasureStore erasures{database.postgres(), SealedTraces({.job_keys = {Secret(RandomBytes(32))},
                                                           .once_key = Secret(RandomBytes(32)),
                                                           .spared_lanes = {}})};
  ErasureHandler erasure_handler{{erasures, store, once, redis}};

  common::v1::EraseContactResponse Erase(const std::string& request_id,
                                         const std::string& contact_id = "ada",
                                         const std::string& organisation_id = "acme") {
    common::v1::EraseContactRequest request;
    request.mutable_subject()->set_contact_id(contact_id);
    request.mutable_subject()->add_case_ids("deal-1");
    request.set_request_id(request_id);
    const auto erased = erasure_handler.EraseContact(ServiceCall(organisation_id), request);
    INFO(erased.status().ToString());
    REQUIRE(erased.ok());
    return *erased;
  }
  bool IsIn(const std::string& token) { return Exchange(token).ok(); }
};

TEST_CASE_METHOD(Erasing, "who is erased is out, and nothing that they signed in with is left",
                 "[service]") {
  const std::string token = TokenOf(Create(By("ada", "inv_1", "deal-1"), kGood));
  const std::string others = TokenOf(Create(By("bob", "inv_2", "deal-1"), kOther));
  REQUIRE((IsIn(token) && IsIn(others)));
  const auto receipt = Erase("r1");
  CHECK(CountOf(receipt, common::v1::GRANT) == 1);
  CHECK(CountOf(receipt, common::v1::SESSION) == 1);
  CHECK(CountOf(receipt, common::v1::ACCOUNT) == 1);
  CHECK_FALSE(IsIn(token));
  CHECK(Count("access_grant WHERE contact_id = 'ada'") == 0);
  CHECK(Count("account") == 1);
  CHECK(Count("password") == 1);
  // Who has the same address goes on.
  CHECK(IsIn(others));
  CHECK(ByAddress("ada@example.com", kOther).ok());
  CHECK(Why(ByAddress("ada@example.com", kGood)) == "PASSWORD_WRONG");
  CHECK(Erase("r1").SerializeAsString() == receipt.SerializeAsString());
  CHECK(CountOf(Erase("r2"), common::v1::GRANT) == 0);
}

TEST_CASE_METHOD(Erasing, "a sign-in that is under way ends with the contact", "[service]") {
  const std::string id = StartedId();
  CHECK(CountOf(Erase("x", "bob"), common::v1::CHALLENGE) == 0);
  CHECK(CountOf(Erase("y", "ada", "other"), common::v1::CHALLENGE) == 0);
  CHECK(CountOf(Erase("r1"), common::v1::CHALLENGE) == 1);
  CHECK(ReasonOf(Verify(id, messenger.codes.back()).status()) == "CHALLENGE_EXPIRED");
  CHECK(Count("session") == 0);
}

TEST_CASE_METHOD(Erasing, "the trail stays, of ids alone, and is told to", "[service]") {
  REQUIRE(SignIn().ok());
  const int rows = Count("audit_event");
  const auto receipt = Erase("r1");
  REQUIRE(receipt.kept_size() == 1);
  CHECK(receipt.kept(0).kind() == common::v1::AUDIT_EVENT);
  CHECK(receipt.kept(0).ground() == common::v1::SECURITY_TRAIL);
  CHECK(receipt.kept(0).count() == 1);
  CHECK(Count("audit_event") == rows);
  CHECK(Count("audit_event AS e WHERE to_jsonb(e)::text ~* '\"Ada\"|example|41234'") == 0);
  CHECK(Count("account") == 0);
  CHECK(Count("session") == 0);
}

}  // namespace
}  // namespace gatehouse::identity
