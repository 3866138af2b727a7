#include <catch2/catch.hpp>
#include <csignal>
#include <thread>

#include "absl/time/clock.h"
#include "services/common/base/caller.h"
#include "services/common/postgres/pool.h"
#include "services/common/tests/numbers.h"

namespace gatehouse {
namespace {

int BackendOf(Postgres& postgres) {
  return postgres
      .Read(kAcme,
            [](Transaction& tx) -> absl::StatusOr<int> {
              return tx.Exec("SELECT pg_backend_pid() AS pid")[0]["pid"].as<int>();
            })
      .value();
}

TEST_CASE("a server that hangs is given up by our own clock, and met anew", "[service]") {
  Numbers numbers;
  const auto narrow = Narrow(numbers.database);
  const int backend = BackendOf(*narrow);
  REQUIRE(kill(backend, SIGSTOP) == 0);
  Call call;
  call.deadline = absl::Now() + absl::Seconds(1);
  absl::Status status;
  {
    const CallScope scope(call);
    status = narrow->Read(kAcme, [](Transaction& tx) -> absl::Status {
      tx.Exec("SELECT 1 AS one");
      return absl::OkStatus();
    });
  }
  // The statement's second, one of grace, and a look each half.
  CHECK(absl::Now() - call.deadline < absl::Seconds(3));
  CHECK(absl::IsDeadlineExceeded(status));
  CHECK(BackendOf(*narrow) != backend);
  kill(backend, SIGCONT);
}

TEST_CASE("while one connection hangs, the others that wait are told, and no idle one is lent",
          "[service]") {
  Numbers numbers;
  Postgres::Options options = numbers.database.options();
  options.connections = 2;
  Postgres two(options);
  int inner = 0, outer = 0;
  REQUIRE(two.Read(kAcme,
                   [&](Transaction& tx) -> absl::Status {
                     outer = tx.Exec("SELECT pg_backend_pid() AS pid")[0]["pid"].as<int>();
                     std::thread([&] { inner = BackendOf(two); }).join();
                     return absl::OkStatus();
                   })
              .ok());
  REQUIRE(inner != outer);
  for (const int pid : {inner, outer}) REQUIRE(kill(pid, SIGSTOP) == 0);
  Call call;
  call.deadline = absl::Now() + absl::Seconds(1);
  const CallScope scope(call);
  CHECK(absl::IsDeadlineExceeded(two.Read(kAcme, [](Transaction& tx) -> absl::Status {
    tx.Exec("SELECT 1 AS one");
    return absl::OkStatus();
  })));
  call.deadline = absl::Now() + absl::Seconds(4);
  const int third = BackendOf(two);
  CHECK((third != inner && third != outer));
  for (const int pid : {inner, outer}) kill(pid, SIGCONT);
}

TEST_CASE("a server that has become a standby is left, and the write done on the new primary",
          "[service]") {
  Numbers numbers;
  const auto narrow = Narrow(numbers.database);
  const int before = BackendOf(*narrow);
  REQUIRE(narrow
              ->Read(kAcme,
                     [](Transaction& tx) -> absl::Status {
                       tx.Exec("SET default_transaction_read_only = on");
                       return absl::OkStatus();
                     })
              .ok());
  const auto add = [&](int value) {
    return narrow->Write(kAcme, [&](Transaction& tx) -> absl::Status {
      tx.Exec("INSERT INTO number VALUES ('acme', $1)", value);
      return absl::OkStatus();
    });
  };
  CHECK(add(1).ok());
  CHECK(BackendOf(*narrow) != before);
  CHECK(numbers.Committed() == 1);
  // Where there is no other one it is UNAVAILABLE.
  numbers.database.Exec("ALTER DATABASE " + numbers.database.name() +
                        " SET default_transaction_read_only = on");
  const auto standby = Narrow(numbers.database);
  CHECK(absl::IsUnavailable(standby->Write(kAcme, [](Transaction& tx) -> absl::Status {
    tx.Exec("INSERT INTO number VALUES ('acme', 2)");
    return absl::OkStatus();
  })));
  CHECK(standby
            ->Read(kAcme,
                   [](Transaction& tx) -> absl::Status {
                     tx.Exec("SELECT 1 AS one");
                     return absl::OkStatus();
                   })
            .ok());
}

TEST_CASE("the log names the server, and nothing else of its address", "[unit]") {
  const auto hosts = [](const char* url) {
    return PostgresPool({.url = Secret(url), .schema = "probe"}).hosts();
  };
  CHECK(hosts("postgresql://user:password@db.example:5432/gatehouse") == "db.example:5432");
  CHECK(hosts("postgres://user:password@one:5432,other:5433/gatehouse?target_session_attrs=any") ==
        "one:5432,other:5433");
  CHECK(hosts("postgresql://user:password@[::1]:5432") == "[::1]:5432");
  CHECK(hosts("postgresql://db.example/gatehouse?password=secret") == "db.example");
  CHECK(hosts("postgresql:///gatehouse?host=/run/postgresql").empty());
  // What is no URL may be anything.
  CHECK(hosts("postgresql://user:pass/word@db.example/gatehouse").empty());
  CHECK(hosts("postgresql://user:p@ss@db.example/gatehouse").empty());
  CHECK(hosts("host=db.example password=secret").empty());
  CHECK(hosts("").empty());
}

TEST_CASE("a session knows which of several servers it met", "[service]") {
  Numbers numbers;
  const std::string own = numbers.database.options().url.Reveal();
  PostgresPool pool(numbers.database.options());
  const auto session = pool.Connect();
  CHECK(session->peer == pool.hosts());
  CHECK(own.find(session->peer) != std::string::npos);
  pool.Return(nullptr, false);
}

TEST_CASE("the time of day is the database's", "[service]") {
  Numbers numbers;
  CHECK(numbers.postgres.clock_offset().offset() == absl::ZeroDuration());
  REQUIRE(numbers.postgres.Ready(1).ok());
  CHECK(numbers.postgres.clock_offset().Check(absl::Seconds(2)).ok());
  CHECK(absl::AbsDuration(numbers.postgres.clock().Now() - absl::Now()) < absl::Seconds(2));
}

}  // namespace
}  // namespace gatehouse
