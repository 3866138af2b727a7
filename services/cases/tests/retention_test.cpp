#include "services/cases/retention.h"

#include "services/cases/tests/fixture.h"

namespace gatehouse::cases {
namespace {

class FakeClock : public Clock {
 public:
  absl::Time Now() const override { return absl::Now() + ahead; }
  absl::Duration ahead;
};

struct Retained : Fixture {
  FakeClock clock;
  Sweeper sweeper{database.postgres(), DeletedCases(absl::Hours(24) * 90), clock};

  void Invite(const std::string& case_id, int64_t version) {
    pb::SetContactPortalRequest set;
    set.set_case_id(case_id);
    set.set_contact_id("ada");
    set.set_portal(pb::ACTIVE);
    set.set_version(version);
    REQUIRE(handler.SetContactPortal(ServiceCall(), set).ok());
  }
  int Rows(const std::string& table) {
    return database.Exec("SELECT count(*) AS rows FROM " + table)[0]["rows"].as<int>();
  }
};

TEST_CASE_METHOD(Retained, "what is known of a deleted case is forgotten after its time",
                 "[service]") {
  for (const char* id : {"deal-1", "deal-2"}) {
    REQUIRE(Put(id, id).ok());
    Invite(id, 1);
  }
  REQUIRE(Delete("deal-1").ok());
  clock.ahead = absl::Hours(24) * 89;
  CHECK(sweeper.Sweep().value() == 0);
  CHECK(Delete("deal-1").ok());
  clock.ahead = absl::Hours(24) * 91;
  CHECK(sweeper.Sweep().value() == 3);
  CHECK(Rows("deleted_case") == 0);
  // Who keeps up with changes was told for as long.
  CHECK(Rows("case_change") == 1);
  CHECK(ReasonOf(Delete("deal-1")) == "NOT_FOUND");
  // The other case is as it was.
  CHECK(Rows("contact_portal") == 1);
  CHECK(Get("deal-2")->contacts(0).portal() == pb::ACTIVE);
}

TEST_CASE_METHOD(Retained, "a case that was put anew keeps what is known of its contacts",
                 "[service]") {
  REQUIRE(Put("deal-1", "Smith").ok());
  Invite("deal-1", 1);
  REQUIRE(Delete("deal-1").ok());
  REQUIRE(Put("deal-1", "Smith").ok());
  Invite("deal-1", 2);
  clock.ahead = absl::Hours(24) * 91;
  CHECK(sweeper.Sweep().value() == 1);
  CHECK(Get("deal-1")->contacts(0).portal() == pb::ACTIVE);
  // And it can be deleted, once more.
  CHECK(Delete("deal-1").ok());
  CHECK(Delete("deal-1").ok());
}

TEST_CASE_METHOD(Retained, "of another organisation's case of that name nothing is forgotten",
                 "[service]") {
  REQUIRE(Put("deal-1", "Smith").ok());
  REQUIRE(Put("deal-1", "Jones", "", StaffCall("other")).ok());
  Invite("deal-1", 1);
  REQUIRE(Delete("deal-1", "other").ok());
  clock.ahead = absl::Hours(24) * 91;
  CHECK(sweeper.Sweep().value() == 2);
  CHECK(Rows("case_change") == 1);
  CHECK(Get("deal-1")->contacts(0).portal() == pb::ACTIVE);
}

}  // namespace
}  // namespace gatehouse::cases
