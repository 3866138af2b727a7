#include "absl/time/clock.h"
#include "services/common/jobs/erasing.h"
#include "services/common/rpc/validate.h"
#include "services/invitation/erasure/handler.h"
#include "services/invitation/tests/fixture.h"

namespace gatehouse::invitation {
namespace {

struct Erasing : Fixture {
  ErasureStore erasures{database.postgres(), SealedTraces({.job_keys = {Secret(RandomBytes(32))},
                                                           .once_key = Secret(RandomBytes(32)),
                                                           .spared_lanes = {}})};
  ErasureHandler erasure_handler{erasures, once};

  common::v1::EraseContactResponse Erase(const std::string& request_id,
                                         const std::string& organisation_id = "acme") {
    common::v1::EraseContactRequest request;
    request.mutable_subject()->set_contact_id("c1");
    request.set_request_id(request_id);
    const auto erased = erasure_handler.EraseContact(ServiceCall(organisation_id), request);
    REQUIRE(erased.ok());
    return *erased;
  }
  int Count(const std::string& rows) {
    return database.Exec("SELECT count(*) FROM " + rows)[0][0].as<int>();
  }
};

TEST_CASE_METHOD(Erasing, "a contact's invitations and links go, and nobody else's", "[service]") {
  const auto hers = Create("c1");
  const auto others = Create("c2");
  REQUIRE((hers.ok() && others.ok()));
  CHECK(Erase("x", "other").erased_size() == 0);
  const auto receipt = Erase("r1");
  REQUIRE(receipt.erased_size() == 2);
  CHECK(receipt.erased(0).kind() == common::v1::INVITATION_LINK);
  CHECK(receipt.erased(1).kind() == common::v1::INVITATION);
  CHECK(receipt.erased(1).count() == 1);
  CHECK(ReasonOf(store.FindLink(Invitations::HashOf(TokenOf(*hers))).status()) == "NOT_FOUND");
  CHECK(store.FindLink(Invitations::HashOf(TokenOf(*others))).ok());
  // Asked again it says the same; a later round finds nothing.
  CHECK(Erase("r1").SerializeAsString() == receipt.SerializeAsString());
  CHECK(Erase("r2").erased_size() == 0);
}

TEST_CASE_METHOD(Erasing, "what a contact was invited as is known, of whichever case",
                 "[service]") {
  REQUIRE(Create("c1").ok());
  database.Exec("UPDATE invitation SET email = 'old@example.com'");
  v1::LookUpInvitedRequest request;
  request.set_contact_id("c1");
  const auto known = erasure_handler.LookUpInvited(ServiceCall(), request);
  REQUIRE(known.ok());
  REQUIRE(known->emails_size() == 1);
  CHECK(known->emails(0) == "old@example.com");
  CHECK(known->case_ids(0) == "deal-1");
  CHECK(erasure_handler.LookUpInvited(ServiceCall("other"), request)->emails_size() == 0);
}

TEST_CASE_METHOD(Erasing, "whoever had a case that was deleted can be erased and exported",
                 "[service]") {
  REQUIRE(Create("c1").ok());
  const std::string aside = "~1795983147000000~deal-1";
  REQUIRE(store.PutAside("acme", "deal-1", aside, absl::Now() + absl::Hours(1)).ok());
  v1::LookUpInvitedRequest request;
  request.set_contact_id("c1");
  const auto known = erasure_handler.LookUpInvited(ServiceCall(), request);
  REQUIRE(known.ok());
  REQUIRE(known->case_ids_size() == 1);
  CHECK(known->case_ids(0) == aside);
  CHECK(CaseIdsAsNamed(*known) == std::vector<std::string>{"deal-1"});
  // As each service that is asked about it checks it.
  common::v1::EraseContactRequest erase;
  *erase.mutable_subject() = *known;
  erase.set_request_id("r1");
  CHECK(Validate(erase).ok());
  erase.mutable_subject()->add_case_ids("~deal-1");
  CHECK_FALSE(Validate(erase).ok());
}

TEST_CASE_METHOD(Erasing, "an erased contact is invited anew, as a new person", "[service]") {
  REQUIRE(Create("c1").ok());
  Erase("r1");
  CHECK(Create("c1").ok());
  CHECK(Count("invitation") == 1);
}

}  // namespace
}  // namespace gatehouse::invitation
