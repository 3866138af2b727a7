#include "absl/strings/match.h"
#include "services/common/base/crypto.h"
#include "services/invitation/exports/handler.h"
#include "services/invitation/tests/fixture.h"

namespace gatehouse::invitation {
namespace {

TEST_CASE_METHOD(Fixture, "a contact is given its invitations, and when its links were made",
                 "[service][no-tsan]") {
  ExportHandler handler(database.postgres());
  const auto hers = Create("c1");
  REQUIRE((hers.ok() && Create("c2").ok()));
  common::v1::ExportContactRequest request;
  request.mutable_subject()->set_contact_id("c1");
  const auto found = handler.ExportContact(ServiceCall(), request);
  INFO(found.status().ToString());
  REQUIRE(found.ok());
  REQUIRE(found->records_size() == 2);
  CHECK(found->records(0).kind() == common::v1::INVITATION);
  CHECK(absl::StrContains(found->records(0).json(), "\"state\": \"PENDING\""));
  CHECK(found->records(1).kind() == common::v1::INVITATION_LINK);
  // Neither what opens it, nor what that is known by.
  const std::string token = TokenOf(*hers);
  CHECK_FALSE(absl::StrContains(found->records(1).json(), token));
  CHECK_FALSE(absl::StrContains(found->records(1).json(), Hex(Invitations::HashOf(token))));
  CHECK(handler.ExportContact(ServiceCall("other"), request)->records_size() == 0);
}

}  // namespace
}  // namespace gatehouse::invitation
