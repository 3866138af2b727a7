#pragma once

#include <catch2/catch.hpp>
#include <functional>

#include "services/common/base/page.h"
#include "tests/support/test_database.h"

namespace gatehouse {

// Whether a list's pages cost what a page costs, whatever there is: rows read through an index, of
// which next to none is thrown away, and no table read through. So nothing is sorted either, but
// for what is read.
class ListCost {
 public:
  // How many rows the tables of an organisation's largest lists have, where it is tried whether a
  // plan that serves thousands is also the one for a million.
  static constexpr char kMany[] = "generate_series(1, 1000000) AS n";
  // Makes a table one that takes so many rows quickly.
  static void Hasten(TestDatabase& database, const std::string& table) {
    database.Exec("ALTER TABLE " + table + " SET UNLOGGED");
  }

  // After all rows are written: makes the planner know of them.
  explicit ListCost(TestDatabase& database) : database_(database) {
    database_.Exec("VACUUM ANALYZE");
  }

  // `read` reads one page of 50 rows, and the one more that is looked for, from a new pool; it
  // answers how many it got. Read so often that PostgreSQL's planner, which looks at the values at
  // first, settles on one plan for all.
  bool IsOfAPage(const std::function<size_t(Postgres&)>& read) {
    const int64_t rows = database_.RowsRead([&](Postgres& pool) {
      for (int i = 0; i < kReads; ++i) CHECK(read(pool) == size_t{kRowsOfAPage});
    });
    UNSCOPED_INFO(rows / kReads << " rows are read for a page");
    return rows < int64_t{kReads} * kRowsOfAPage * 4;
  }

 private:
  static constexpr int kReads = 10;
  static constexpr int kRowsOfAPage = 51;
  TestDatabase& database_;
};

// A page that goes on after this key.
inline Page PageAfter(const std::string& key) {
  Page page;
  page.after = key;
  return page;
}

}  // namespace gatehouse
