#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "services/common/postgres/postgres.h"

namespace gatehouse {

// The value of an environment variable that `./dev test` sets; the test fails without it.
std::string RequiredSetting(const char* name);

// A database of its own for one test, migrated, and dropped at the end. As everywhere, one role
// owns it (that of GATEHOUSE_TEST_POSTGRES_URL), and another one, whom row-level security binds,
// serves.
class TestDatabase {
 public:
  TestDatabase(const std::string& schema, const std::vector<Migration>& migrations);
  ~TestDatabase();

  const std::string& name() const { return name_; }
  Postgres& postgres() { return *postgres_; }
  const Postgres::Options& options() const { return options_; }
  // Brings the schema up to date, as its owner, for who serves or another role.
  absl::Status Migrate(const std::vector<Migration>& migrations, std::string user = "");
  // Another pool on the same database, as another process has.
  std::unique_ptr<Postgres> Another() const { return std::make_unique<Postgres>(options_); }
  // How many rows of the schema's tables PostgreSQL reads for what `f` does.
  int64_t RowsRead(const std::function<void(Postgres&)>& f);
  // Runs a statement as the owner, on every organisation's rows; for arranging and for looking.
  pqxx::result Exec(const std::string& sql);

 private:
  std::string name_;
  Postgres::Options owner_, options_;
  std::unique_ptr<Postgres> postgres_;
};

// The URL of a Redis whose keys of earlier tests are gone.
Secret TestRedisUrl();

}  // namespace gatehouse
