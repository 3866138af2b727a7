#pragma once

#include <memory>

#include "services/common/base/status.h"
#include "tests/support/test_database.h"

namespace gatehouse {

inline const std::vector<Migration> kNumbers = {{"0001_numbers.sql", R"(
  CREATE TABLE number (organisation_id text, value int, PRIMARY KEY (organisation_id, value));
  ALTER TABLE number ENABLE ROW LEVEL SECURITY;
  ALTER TABLE number FORCE ROW LEVEL SECURITY;
  CREATE POLICY organisation ON number USING
    (current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));)"}};

inline const Rows kAcme = Rows::Of("acme");

struct Numbers {
  absl::Status Add(int value, const Rows& rows = kAcme, const std::string& organisation = "acme") {
    return postgres.WriteOne(rows, [&](Transaction& tx) -> absl::Status {
      tx.Exec("INSERT INTO number VALUES ($1, $2)", organisation, value);
      return absl::OkStatus();
    });
  }
  absl::StatusOr<int> Count(const Rows& rows = kAcme) {
    return postgres.Read(rows, [](Transaction& tx) -> absl::StatusOr<int> {
      return tx.Exec("SELECT count(*) FROM number")[0][0].as<int>();
    });
  }
  // As somebody else sees it.
  int Committed() { return database.Exec("SELECT count(*) FROM number")[0][0].as<int>(); }

  TestDatabase database{"probe", kNumbers};
  Postgres& postgres = database.postgres();
};

// A pool with one connection, so that it is known which.
inline std::unique_ptr<Postgres> Narrow(const TestDatabase& database, bool pooler = false) {
  Postgres::Options options = database.options();
  options.connections = 1;
  options.pooler = pooler;
  return std::make_unique<Postgres>(options);
}

}  // namespace gatehouse
