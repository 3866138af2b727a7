#include "services/invitation/expiry_job.h"
#include "services/invitation/tests/fixture.h"

namespace gatehouse::invitation {
namespace {

TEST_CASE_METHOD(Fixture,
                 "whose clock is ahead of the database's replaces what is expired by its own",
                 "[service]") {
  const auto first = Create("c1");
  REQUIRE(first.ok());
  clock.ahead = first->invitation.expire_time - absl::Now() + absl::Minutes(1);
  CHECK(Create("c1").status() == absl::OkStatus());
  CHECK(Create("c2").ok());
}

TEST_CASE_METHOD(Fixture, "that an invitation has expired is said when it happens, once",
                 "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  const auto& invitation = made->invitation;
  const auto due = database.Exec("SELECT due_time FROM job WHERE kind = 'invitation.expiry'");
  REQUIRE(due.size() == 1);
  CHECK(TimeFromSql(due[0][0]) - invitation.expire_time < absl::Milliseconds(1));
  const auto look = [&] {
    absl::Status outcome = absl::UnknownError("not called");
    Job job;
    job.organisation_id = "acme";
    job.payload = invitation.invitation_id + "\ndeal-1";
    ExpiryWork(store, clock)(job, [&](absl::Status status) { outcome = std::move(status); });
    return outcome;
  };
  const auto said = [&] { return Rows("PublishEvent") - 1; };
  SECTION("not before its time") {
    CHECK(look().ok());
    CHECK(said() == 0);
  }
  SECTION("once more, where the clock of whoever looks is a little behind") {
    clock.ahead = invitation.expire_time - absl::Now() - absl::Seconds(10);
    CHECK(absl::IsUnavailable(look()));
  }
  SECTION("at its time, and it stays what it is") {
    clock.ahead = invitation.expire_time - absl::Now() + absl::Seconds(10);
    CHECK(look().ok());
    CHECK(said() == 1);
    const auto kept = store.Get("acme", "deal-1", invitation.invitation_id);
    CHECK(kept->state == State::kPending);
    // That adds no further look.
    CHECK(Rows("invitation.expiry") == 1);
  }
  SECTION("not where it was revoked meanwhile") {
    REQUIRE(invitations.Revoke("deal-1", invitation.invitation_id, StaffCall()).ok());
    clock.ahead = invitation.expire_time - absl::Now() + absl::Seconds(10);
    CHECK(look().ok());
    CHECK(said() == 1);  // That it was revoked.
  }
}

}  // namespace
}  // namespace gatehouse::invitation
