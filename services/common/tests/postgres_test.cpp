#include "services/common/postgres/postgres.h"
#include "gatehouse/common/v1/reasons.pb.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <limits>
#include <optional>
#include <thread>

#include "absl/time/clock.h"
#include "services/common/base/caller.h"
#include "services/common/tests/numbers.h"

namespace gatehouse {
namespace {

TEST_CASE("what is read inside of a transaction is read through it", "[service]") {
  Numbers numbers;
  const absl::Status status = numbers.postgres.Write(kAcme, [&](Transaction&) -> absl::Status {
    RETURN_IF_ERROR(numbers.Add(1));
    CHECK(numbers.Count().value() == 1);
    CHECK(numbers.Committed() == 0);
    return absl::OkStatus();
  });
  CHECK(status.ok());
  CHECK(numbers.Committed() == 1);
}

TEST_CASE("as many transactions as connections, each reading inside, do not wait", "[service]") {
  Numbers numbers;
  std::atomic<int> done = 0, inside = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&, i] {
      const absl::Status status = numbers.postgres.Write(kAcme, [&](Transaction&) -> absl::Status {
        ++inside;
        while (inside < 12) absl::SleepFor(absl::Milliseconds(1));
        RETURN_IF_ERROR(numbers.Count().status());
        return numbers.Add(i);
      });
      if (status.ok()) ++done;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(done == 12);
}

TEST_CASE("what joins a transaction fails with it", "[service]") {
  Numbers numbers;
  REQUIRE(numbers.Add(1).ok());
  SECTION("where the database refuses, though the callback goes on") {
    const absl::Status status = numbers.postgres.Write(kAcme, [&](Transaction&) -> absl::Status {
      CHECK_FALSE(numbers.Add(1).ok());
      return absl::OkStatus();
    });
    CHECK(status.code() == absl::StatusCode::kInternal);
  }
  SECTION("where a joined write refuses, though the callback goes on") {
    const absl::Status status = numbers.postgres.Write(kAcme, [&](Transaction&) -> absl::Status {
      RETURN_IF_ERROR(numbers.Add(2));
      (void)numbers.postgres.Write(
          kAcme, [&](Transaction&) -> absl::Status { return Refuse(common::v1::NOT_FOUND, "no"); });
      return absl::OkStatus();
    });
    CHECK(ReasonOf(status) == "NOT_FOUND");
  }
  SECTION("but a read that finds nothing is an answer like another") {
    const absl::Status status = numbers.postgres.Write(kAcme, [&](Transaction&) -> absl::Status {
      (void)numbers.postgres.Read(
          kAcme, [&](Transaction&) -> absl::Status { return Refuse(common::v1::NOT_FOUND, "no"); });
      return absl::OkStatus();
    });
    CHECK(status.ok());
  }
  CHECK(numbers.Committed() == 1);
}

TEST_CASE("what joins a transaction sees the rows that it names, and no others", "[service]") {
  Numbers numbers;
  REQUIRE(numbers.Add(1, Rows::OfAll(), "other").ok());
  const absl::Status status = numbers.postgres.Write(kAcme, [&](Transaction& tx) -> absl::Status {
    CHECK(numbers.Count(Rows::OfAll()).value() == 1);
    CHECK(numbers.Count(Rows::Of("other")).value() == 1);
    CHECK(tx.Exec("SELECT count(*) FROM number")[0][0].as<int>() == 0);
    return absl::OkStatus();
  });
  CHECK(status.ok());
  CHECK(numbers.Count().value() == 0);
}

TEST_CASE("a read may read more on its connection, but opens no transaction there", "[service]") {
  Numbers numbers;
  const absl::Status status = numbers.postgres.Read(kAcme, [&](Transaction&) -> absl::Status {
    CHECK(numbers.Count().value() == 0);
    return numbers.postgres.Write(kAcme, [&](Transaction&) { return absl::OkStatus(); });
  });
  CHECK(status.code() == absl::StatusCode::kInternal);
  CHECK(numbers.Add(1).ok());
}

TEST_CASE("a deadlock is tried again, whichever joined statement met it", "[service]") {
  Numbers numbers;
  REQUIRE(numbers.Add(1).ok());
  REQUIRE(numbers.Add(2).ok());
  const auto touch = [&](int value) {
    return numbers.postgres.WriteOne(kAcme, [&](Transaction& tx) -> absl::Status {
      tx.Exec("UPDATE number SET value = value WHERE value = $1", value);
      return absl::OkStatus();
    });
  };
  std::atomic<int> first = 0, runs = 0, done = 0;
  const auto both = [&](int a, int b) {
    const absl::Status status = numbers.postgres.Write(kAcme, [&](Transaction&) -> absl::Status {
      ++runs;
      RETURN_IF_ERROR(touch(a));
      ++first;
      while (first < 2) absl::SleepFor(absl::Milliseconds(1));
      return touch(b);
    });
    if (status.ok()) ++done;
  };
  std::thread one(both, 1, 2), other(both, 2, 1);
  one.join();
  other.join();
  CHECK(done == 2);
  CHECK(runs == 3);
}

TEST_CASE("what was to follow the commit follows it, and only it", "[service]") {
  Numbers numbers;
  std::vector<std::string> said;
  const auto write = [&](bool ok) {
    return numbers.postgres.Write(kAcme, [&](Transaction& tx) -> absl::Status {
      tx.AfterCommit([&] { said.push_back(std::to_string(numbers.Committed())); });
      RETURN_IF_ERROR(numbers.Add(1));
      RETURN_IF_ERROR(numbers.postgres.WriteOne(kAcme, [&](Transaction& inner) {
        // With the connection given back, so that it may ask again.
        inner.AfterCommit([&] { said.push_back(numbers.Add(2).ok() ? "added" : "not added"); });
        return absl::OkStatus();
      }));
      return ok ? absl::OkStatus() : absl::CancelledError("no");
    });
  };
  CHECK_FALSE(write(false).ok());
  CHECK(said.empty());
  CHECK(write(true).ok());
  CHECK(said == std::vector<std::string>{"1", "added"});
  CHECK(numbers.Committed() == 2);
}

TEST_CASE("a frame makes one transaction of several writes", "[service]") {
  Numbers numbers;
  int begun = 0;
  const Postgres::Frame frame = {Rows::Of("other"),
                                 [&](Transaction& tx) -> absl::Status {
                                   ++begun;
                                   tx.Exec("INSERT INTO number VALUES ('other', 1)");
                                   return absl::OkStatus();
                                 },
                                 [&](Transaction& tx) -> absl::Status {
                                   tx.Exec("INSERT INTO number VALUES ('other', 2)");
                                   return absl::OkStatus();
                                 }};
  SECTION("that commits with what begins and ends it") {
    CHECK(numbers.postgres
              .Together(frame,
                        [&]() -> absl::Status {
                          CHECK(numbers.Count().value() == 0);
                          RETURN_IF_ERROR(numbers.Add(1));
                          RETURN_IF_ERROR(numbers.Add(2));
                          CHECK(numbers.Count().value() == 2);
                          CHECK(numbers.Committed() == 0);
                          return absl::OkStatus();
                        })
              .ok());
    CHECK(begun == 1);
    CHECK(numbers.Committed() == 4);
  }
  SECTION("that leaves nothing where it fails late") {
    CHECK_FALSE(numbers.postgres
                    .Together(frame,
                              [&]() -> absl::Status {
                                RETURN_IF_ERROR(numbers.Add(1));
                                return absl::CancelledError("no");
                              })
                    .ok());
    CHECK(numbers.Committed() == 0);
  }
  SECTION("that may begin anew where the first write refused") {
    CHECK(numbers.postgres
              .Together(frame,
                        [&]() -> absl::Status {
                          (void)numbers.postgres.Write(kAcme, [](Transaction&) -> absl::Status {
                            return absl::CancelledError("no");
                          });
                          return numbers.Add(1);
                        })
              .ok());
    CHECK(begun == 2);
    CHECK(numbers.Committed() == 3);
  }
  SECTION("that is not opened where nothing is written") {
    CHECK(numbers.postgres.Together(frame, [&] { return numbers.Count().status(); }).ok());
    CHECK(begun == 0);
  }
  SECTION("and stands in no other") {
    CHECK(numbers.postgres
              .Together(
                  frame,
                  [&] { return numbers.postgres.Together(frame, [] { return absl::OkStatus(); }); })
              .code() == absl::StatusCode::kInternal);
  }
  CHECK(numbers.Count(Rows::OfAll()).ok());
}

TEST_CASE("a connection that is lost inside of a transaction says so, and is replaced",
          "[service]") {
  Numbers numbers;
  const absl::Status status = numbers.postgres.Write(kAcme, [&](Transaction&) -> absl::Status {
    RETURN_IF_ERROR(numbers.Add(1));
    numbers.database.Exec(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()");
    return numbers.Add(2);
  });
  CHECK(absl::IsUnavailable(status));
  CHECK(numbers.Committed() == 0);
  CHECK(numbers.Add(3).ok());
}

TEST_CASE("a statement that cannot be prepared spoils no other one", "[service]") {
  Numbers numbers;
  Postgres::Options options = numbers.database.options();
  options.connections = 1;
  Postgres narrow(options);
  const auto run = [&](const char* sql) {
    return narrow.Read(kAcme, [&](Transaction& transaction) -> absl::Status {
      transaction.Exec(sql);
      return absl::OkStatus();
    });
  };
  CHECK_FALSE(run("SELECT 1 FROM nowhere").ok());
  CHECK(run("SELECT 1").ok());
  CHECK_FALSE(run("SELECT 1 FROM nowhere").ok());
  CHECK(run("SELECT 2").ok());
}

TEST_CASE("who waits for a connection gives up at the call's deadline", "[service]") {
  Numbers numbers;
  Postgres::Options options = numbers.database.options();
  options.connections = 1;
  Postgres narrow(options);
  std::atomic<bool> held = false, over = false;
  std::thread holder([&] {
    (void)narrow.Write(kAcme, [&](Transaction&) {
      held = true;
      while (!over) absl::SleepFor(absl::Milliseconds(1));
      return absl::OkStatus();
    });
  });
  while (!held) absl::SleepFor(absl::Milliseconds(1));
  Call call;
  call.deadline = absl::Now() + absl::Milliseconds(50);
  const CallScope scope(call);
  const absl::Time start = absl::Now();
  const absl::Status status = narrow.Read(kAcme, [](Transaction&) { return absl::OkStatus(); });
  CHECK(absl::IsUnavailable(status));
  CHECK(absl::Now() - start < absl::Seconds(1));
  over = true;
  holder.join();
}

TEST_CASE("a statement ends at the call's deadline", "[service]") {
  Numbers numbers;
  Call call;
  call.deadline = absl::Now() + absl::Milliseconds(500);
  const CallScope scope(call);
  const absl::Status status = numbers.postgres.Read(kAcme, [](Transaction& tx) -> absl::Status {
    tx.Exec("SELECT pg_sleep(10)");
    return absl::OkStatus();
  });
  CHECK(absl::IsDeadlineExceeded(status));
}

TEST_CASE("times come back as they were, the infinite ones too", "[service]") {
  Numbers numbers;
  for (const absl::Time time : {absl::FromUnixMicros(1'700'000'000'123'456), absl::UnixEpoch(),
                                absl::InfiniteFuture(), absl::InfinitePast()}) {
    const auto back =
        numbers.postgres.Read(kAcme, [&](Transaction& tx) -> absl::StatusOr<absl::Time> {
          return TimeFromSql(tx.Exec("SELECT $1::timestamptz", ToSql(time))[0][0]);
        });
    CHECK(back.value() == time);
  }
}

// A plan that cannot do without reading a table is given a cost beyond all that is compiled for.
TEST_CASE("values arrive as they are, in whichever way the statement goes", "[service]") {
  Numbers numbers;
  const std::string text = "it's {\"quoted\"} \\ 'gi' über";
  const std::string bytes("\0\\x'\xff", 5);
  for (const bool pooler : {false, true}) {
    const auto postgres = Narrow(numbers.database, pooler);
    // The first one tells the connection whose rows it is about; the second one is prepared.
    for (int i = 0; i < 2; ++i) {
      const absl::Status status = postgres->Read(kAcme, [&](Transaction& tx) -> absl::Status {
        const auto row = tx.Exec(
            "SELECT $1::text AS text, $2::bytea AS bytes, $3::bigint AS least, $4::boolean AS no, "
            "$5::double precision AS real, $6::text AS literal, $7::text AS none, "
            "$8::bigint AS some, $9::text AS nothing, $10::text AS empty",
            text, Bytes(bytes), std::numeric_limits<int64_t>::min(), false, 0.1, "x",
            std::optional<std::string>(), std::optional<int64_t>(7), nullptr, "")[0];
        CHECK(row["text"].c_str() == text);
        CHECK(BytesFromSql(row["bytes"]) == bytes);
        CHECK(row["least"].as<int64_t>() == std::numeric_limits<int64_t>::min());
        CHECK_FALSE(row["no"].as<bool>());
        CHECK(row["real"].as<double>() == 0.1);
        CHECK(row["literal"].c_str() == std::string("x"));
        CHECK(row["none"].is_null());
        CHECK(row["some"].as<int>() == 7);
        CHECK(row["nothing"].is_null());
        CHECK_FALSE(row["empty"].is_null());
        return absl::OkStatus();
      });
      CHECK(status.ok());
    }
  }
}

TEST_CASE("a table that must be read is read, and nothing is compiled for it", "[service]") {
  Numbers numbers;
  numbers.database.Exec("CREATE TABLE bare (value int); GRANT SELECT ON bare TO PUBLIC");
  for (const bool pooler : {false, true}) {
    const auto narrow = Narrow(numbers.database, pooler);
    std::string plan;
    REQUIRE(narrow
                ->Read(kAcme,
                       [&](Transaction& tx) -> absl::Status {
                         for (const auto& row :
                              tx.Exec("EXPLAIN (ANALYZE) SELECT max(value) FROM bare")) {
                           plan += row[0].c_str();
                         }
                         return absl::OkStatus();
                       })
                .ok());
    INFO(plan);
    CHECK(plan.find("cost=1000000") != std::string::npos);
    CHECK(plan.find("JIT") == std::string::npos);
  }
}

}  // namespace
}  // namespace gatehouse
