#include "tests/support/test_database.h"

#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/random.h"
#include "services/common/redis/redis.h"

namespace gatehouse {
namespace {

constexpr char kOwner[] = "GATEHOUSE_TEST_POSTGRES_URL";
constexpr char kUser[] = "GATEHOUSE_TEST_POSTGRES_USER_URL";

// The same server and role as this setting's, another database.
std::string UrlOf(const char* setting, const std::string& database) {
  std::string url = RequiredSetting(setting);
  const size_t query = std::min(url.find('?'), url.size());
  const size_t slash = url.rfind('/', query);
  return url.substr(0, slash + 1) + database + url.substr(query);
}

// Also when the tests have ended, and nothing can be required any more.
void Administer(const std::string& sql) {
  pqxx::connection connection(std::getenv(kOwner));
  pqxx::nontransaction(connection).exec(sql);
}

void DropDatabase(const std::string& name) {
  // Where autovacuum looks into it, only a superuser may force it out; unforced, it leaves.
  try {
    Administer("DROP DATABASE " + name + " WITH (FORCE)");
  } catch (const pqxx::insufficient_privilege&) {
    Administer("DROP DATABASE " + name);
  }
}

Postgres::Options OptionsOf(const char* setting, const std::string& database,
                            const std::string& schema) {
  return {.url = Secret(UrlOf(setting, database)), .schema = schema};
}

// Migrated once for all tests that begin with the same: each gets a copy.
class Template {
 public:
  Template(const std::string& schema, const std::vector<Migration>& migrations)
      : name_(NewId("template")) {
    Administer("CREATE DATABASE " + name_);
    const std::string user = pqxx::connection(UrlOf(kUser, name_)).username();
    status_ = gatehouse::Migrate(OptionsOf(kOwner, name_, schema), migrations, user);
  }
  ~Template() {
    try {
      DropDatabase(name_);
    } catch (const std::exception&) {
      // Some of the tests end PostgreSQL.
    }
  }

  static const Template& Of(const std::string& schema, const std::vector<Migration>& migrations) {
    std::string key = schema;
    for (const Migration& migration : migrations) {
      absl::StrAppend(&key, "\n", migration.name, "\n", migration.sql);
    }
    return All().try_emplace(key, schema, migrations).first->second;
  }
  static std::map<std::string, Template>& All() {
    static std::map<std::string, Template> templates;
    return templates;
  }
  const std::string& name() const { return name_; }
  const absl::Status& status() const { return status_; }

 private:
  const std::string name_;
  absl::Status status_;
};

// While there is OpenSSL still, which ends before what is static does.
struct DropTemplates : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;
  void testRunEnded(const Catch::TestRunStats& stats) override {
    Template::All().clear();
    TestEventListenerBase::testRunEnded(stats);
  }
};
CATCH_REGISTER_LISTENER(DropTemplates)

}  // namespace

std::string RequiredSetting(const char* name) {
  const char* value = std::getenv(name);
  INFO("`./dev test` sets " << name << "; `./dev stores` prints it");
  REQUIRE(value != nullptr);
  return value;
}

TestDatabase::TestDatabase(const std::string& schema, const std::vector<Migration>& migrations)
    : name_(NewId("test")),
      owner_(OptionsOf(kOwner, name_, schema)),
      options_(OptionsOf(kUser, name_, schema)) {
  const Template& migrated = Template::Of(schema, migrations);
  INFO(migrated.status().ToString());
  REQUIRE(migrated.status().ok());
  Administer("CREATE DATABASE " + name_ + " TEMPLATE " + migrated.name());
  postgres_ = std::make_unique<Postgres>(options_);
}

TestDatabase::~TestDatabase() {
  postgres_.reset();
  DropDatabase(name_);
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
