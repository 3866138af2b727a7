#include <catch2/catch.hpp>

#include "absl/time/clock.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/tests/numbers.h"

namespace gatehouse {
namespace {

TEST_CASE("where there is a pooler nothing outlives a transaction", "[service]") {
  Numbers numbers;
  const auto pooled = Narrow(numbers.database, true);
  const auto add = [&](const Rows& rows, const std::string& organisation, int value,
                       bool refuse = false) {
    return pooled->WriteOne(rows, [&](Transaction& tx) -> absl::Status {
      tx.Exec("INSERT INTO number VALUES ($1, $2)", organisation, value);
      return refuse ? Refuse(common::v1::NOT_FOUND, "no") : absl::OkStatus();
    });
  };
  CHECK(add(kAcme, "acme", 1).ok());
  CHECK(add(Rows::Of("other"), "other", 1).ok());
  CHECK_FALSE(add(Rows::Of("other"), "acme", 2).ok());
  // As in autocommit: a statement that was done is done, whatever was decided after it.
  CHECK(ReasonOf(add(kAcme, "acme", 3, true)) == "NOT_FOUND");
  CHECK(numbers.Committed() == 3);
  const auto rows = pooled->Read(kAcme, [](Transaction& tx) -> absl::StatusOr<int> {
    return tx.Exec("SELECT count(*) AS rows FROM number")[0]["rows"].as<int>();
  });
  CHECK(rows.value() == 2);
  const auto names = pooled->Read(kAcme, [](Transaction& tx) -> absl::StatusOr<int> {
    return tx.Exec("SELECT count(*) AS named FROM pg_prepared_statements")[0]["named"].as<int>();
  });
  CHECK(names.value() == 0);
}

TEST_CASE("a pooled transaction rolls back whole, and its settings with it", "[service]") {
  Numbers numbers;
  const auto pooled = Narrow(numbers.database, true);
  CHECK_FALSE(pooled
                  ->Write(kAcme,
                          [](Transaction& tx) -> absl::Status {
                            tx.Exec("INSERT INTO number VALUES ('acme', 1)");
                            return absl::CancelledError("no");
                          })
                  .ok());
  CHECK(numbers.Committed() == 0);
  CHECK(pooled->Ready(1).ok());
  CHECK(absl::AbsDuration(pooled->clock().Now() - absl::Now()) < absl::Seconds(2));
  const absl::Status joined = pooled->Write(kAcme, [&](Transaction& tx) -> absl::Status {
    tx.Exec("INSERT INTO number VALUES ('acme', 1)");
    return pooled->Read(Rows::Of("other"), [](Transaction& inner) -> absl::Status {
      CHECK(inner.Exec("SELECT count(*) AS rows FROM number")[0]["rows"].as<int>() == 0);
      return absl::OkStatus();
    });
  });
  CHECK(joined.ok());
  CHECK(numbers.Committed() == 1);
}

}  // namespace
}  // namespace gatehouse
