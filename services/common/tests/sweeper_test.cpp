#include "services/common/jobs/sweeper.h"

#include <catch2/catch.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/test_database.h"

namespace gatehouse {
namespace {

class FakeClock : public Clock {
 public:
  absl::Time Now() const override { return absl::Now() + ahead; }
  absl::Duration ahead;
};

struct Fixture {
  TestDatabase database{"probe", WithCommon({})};
  FakeClock clock;
  std::vector<Retention> retentions = {{"once", "create_time < $1", absl::Hours(24)},
                                       {"job", "dead AND create_time < $1", absl::Hours(48)}};
  Sweeper sweeper{database.postgres(), retentions, clock};

  void Fill(int rows, const std::string& age = "0 seconds") {
    database.Exec(absl::StrCat(
        "INSERT INTO once (organisation_id, caller, request_id, fingerprint, create_time) SELECT "
        "'o' || n % 3, 'staff', '",
        age, "' || n, '', now() - interval '", age, "' FROM generate_series(1, ", rows, ") AS n"));
  }
  int Kept(const std::string& table) {
    return database.Exec("SELECT count(*) FROM " + table)[0][0].as<int>();
  }
};

TEST_CASE_METHOD(Fixture,
                 "what is past its retention goes, of every organisation, and nothing else",
                 "[service]") {
  Fill(10, "25 hours");
  Fill(10, "23 hours");
  CHECK(sweeper.Sweep().value() == 10);
  CHECK(Kept("once") == 10);
  clock.ahead = absl::Hours(2);
  CHECK(sweeper.Sweep().value() == 10);
  CHECK(sweeper.Sweep().value() == 0);
}

TEST_CASE_METHOD(Fixture, "each kind has its own age and its own condition", "[service]") {
  Fill(5);
  database.Exec(
      "INSERT INTO job (organisation_id, lane, kind, id, payload, order_key, dead) "
      "SELECT 'o', 'a', 'k', 'i', '', '', n % 2 = 0 FROM generate_series(1, 10) AS n");
  clock.ahead = absl::Hours(25);
  CHECK(sweeper.Sweep().value() == 5);
  clock.ahead = absl::Hours(49);
  CHECK(sweeper.Sweep().value() == 5);
  CHECK(Kept("job") == 5);
}

TEST_CASE_METHOD(Fixture, "more than a batch goes in several, to the end", "[service]") {
  Fill(1234, "25 hours");
  CHECK(sweeper.Sweep().value() == 1234);
  CHECK(Kept("once") == 0);
}

TEST_CASE_METHOD(Fixture, "replicas sweep at once, and wait for nobody", "[service]") {
  Fill(2000, "25 hours");
  Sweeper other(database.postgres(), retentions, clock);
  int first = 0, second = 0;
  std::thread one([&] { first = sweeper.Sweep().value_or(-1); });
  std::thread two([&] { second = other.Sweep().value_or(-1); });
  one.join();
  two.join();
  (void)sweeper.Sweep();
  CHECK(first >= 0);
  CHECK(second >= 0);
  CHECK(Kept("once") == 0);
}

TEST_CASE_METHOD(Fixture, "a round collects what has no table, and says what failed", "[service]") {
  absl::Time seen;
  Sweeper collecting(database.postgres(), retentions, clock,
                     [&](absl::Time now) -> absl::StatusOr<int> {
                       seen = now;
                       return 3;
                     });
  clock.ahead = absl::Hours(7);
  CHECK(collecting.Sweep().value() == 3);
  CHECK(seen > absl::Now() + absl::Hours(6));
  Sweeper mistaken(database.postgres(), {{"no_such_table", "time < $1", absl::Hours(1)}}, clock);
  CHECK_FALSE(mistaken.Sweep().ok());
}

TEST_CASE_METHOD(Fixture, "a sweeper that was started sweeps by itself, and stops", "[service]") {
  Fill(10, "25 hours");
  sweeper.Start();
  for (int i = 0; i < 200 && Kept("once") > 0; ++i) absl::SleepFor(absl::Milliseconds(10));
  CHECK(Kept("once") == 0);
}

}  // namespace
}  // namespace gatehouse
