#include "tests/support/test_database.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/random.h"
#include "services/common/redis/redis.h"

namespace gatehouse {
namespace {

// The same server and role as this setting's, another database.
std::string UrlOf(const char* setting, const std::string& database) {
  std::string url = RequiredSetting(setting);
  const size_t query = std::min(url.find('?'), url.size());
  const size_t slash = url.rfind('/', query);
  return url.substr(0, slash + 1) + database + url.substr(query);
}

void Administer(const std::string& sql) {
  pqxx::connection connection(RequiredSetting("GATEHOUSE_TEST_POSTGRES_URL"));
  pqxx::nontransaction(connection).exec(sql);
}

}  // namespace

std::string RequiredSetting(const char* name) {
  const char* value = std::getenv(name);
  INFO("`./dev test` sets " << name << "; `./dev stores` prints it");
  REQUIRE(value != nullptr);
  return value;
}

TestDatabase::TestDatabase(const std::string& schema, const std::vector<Migration>& migrations)
    : name_(NewId("test")) {
  Administer("CREATE DATABASE " + name_);
  owner_ = {.url = Secret(UrlOf("GATEHOUSE_TEST_POSTGRES_URL", name_)), .schema = schema};
  options_ = owner_;
  options_.url = Secret(UrlOf("GATEHOUSE_TEST_POSTGRES_USER_URL", name_));
  const absl::Status status = Migrate(migrations);
  INFO(status.ToString());
  REQUIRE(status.ok());
  postgres_ = std::make_unique<Postgres>(options_);
}

TestDatabase::~TestDatabase() {
  postgres_.reset();
  // Where autovacuum looks into it, only a superuser may force it out; unforced, it leaves.
  try {
    Administer("DROP DATABASE " + name_ + " WITH (FORCE)");
  } catch (const pqxx::insufficient_privilege&) {
    Administer("DROP DATABASE " + name_);
  }
}

absl::Status TestDatabase::Migrate(const std::vector<Migration>& migrations, std::string user) {
  if (user.empty()) user = pqxx::connection(options_.url.Reveal()).username();
  return gatehouse::Migrate(owner_, migrations, user);
}

pqxx::result TestDatabase::Exec(const std::string& sql) {
  pqxx::connection connection(owner_.url.Reveal());
  // Which is no part of a transaction.
  if (absl::StartsWith(sql, "VACUUM")) return pqxx::nontransaction(connection).exec(sql);
  pqxx::work work(connection);
  // For the transaction alone, so that a pooler may stand between.
  work.exec("SET LOCAL search_path TO " + work.quote_name(options_.schema));
  work.exec("SET LOCAL gatehouse.organisation_id TO '*'");
  pqxx::result rows = work.exec(sql);
  work.commit();
  return rows;
}

// A connection reports what it read when it ends, and a little later that is seen.
int64_t TestDatabase::RowsRead(const std::function<void(Postgres&)>& f) {
  const auto read = [&] {
    return Exec(
               "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) "
               "FROM pg_stat_user_tables")[0][0]
        .as<int64_t>();
  };
  const auto settled = [&] {
    int64_t last = read(), same = 0;
    while (same < 4) {
      absl::SleepFor(absl::Milliseconds(50));
      const int64_t now = read();
      same = now == last ? same + 1 : 0;
      last = now;
    }
    return last;
  };
  const int64_t before = settled();
  {
    const auto pool = Another();
    f(*pool);
  }
  return settled() - before;
}

Secret TestRedisUrl() {
  Secret url(RequiredSetting("GATEHOUSE_TEST_REDIS_URL"));
  Redis redis(url);
  REQUIRE(redis.Command({"FLUSHDB"}).ok());
  return url;
}

}  // namespace gatehouse
