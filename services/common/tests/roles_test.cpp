// What the role that a service signs in as can do, where another one owns the tables.
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/support/test_database.h"

namespace gatehouse {
namespace {

const std::vector<Migration> kNotes = {{"0001_note.sql", R"(
  CREATE TABLE note (organisation_id text, id bigint GENERATED ALWAYS AS IDENTITY, text text);
  CREATE SEQUENCE other;
  ALTER TABLE note ENABLE ROW LEVEL SECURITY;
  ALTER TABLE note FORCE ROW LEVEL SECURITY;
  CREATE POLICY organisation ON note USING
    (current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));)"}};

// Signed in as the service is, without what Postgres tells each of its connections.
class Session {
 public:
  explicit Session(const TestDatabase& database)
      : connection_(database.options().url.Reveal()), session_(connection_) {
    session_.exec("SET search_path TO probe");
  }
  pqxx::result Exec(const std::string& sql) { return session_.exec(sql); }
  int Count() { return Exec("SELECT count(*) FROM note")[0][0].as<int>(); }
  // What PostgreSQL says against it; empty where it lets it happen.
  std::string Refusal(const std::string& sql) {
    try {
      Exec(sql);
      return "";
    } catch (const pqxx::sql_error& error) {
      return error.what();
    }
  }

 private:
  pqxx::connection connection_;
  pqxx::nontransaction session_;
};

TEST_CASE("who serves writes and reads rows, of the organisation that it names", "[service]") {
  TestDatabase database("probe", kNotes);
  database.Exec("INSERT INTO note VALUES ('acme'), ('other')");
  Session session(database);
  CHECK(session.Count() == 0);  // It has named none.
  session.Exec("SET gatehouse.organisation_id TO 'acme'");
  CHECK(session.Count() == 1);
  session.Exec("INSERT INTO note (organisation_id, text) VALUES ('acme', 'new')");
  session.Exec("UPDATE note SET text = 'changed' WHERE text = 'new'");
  CHECK(session.Count() == 2);
  CHECK(session.Exec("SELECT nextval('other')")[0][0].as<int>() == 1);
  CHECK(session.Exec("DELETE FROM note").affected_rows() == 2);
  CHECK(database.Exec("SELECT FROM note WHERE organisation_id = 'other'").size() == 1);
  CHECK_FALSE(session.Refusal("INSERT INTO note VALUES ('other')").empty());
}

TEST_CASE("who serves cannot take the fence between organisations away", "[service]") {
  TestDatabase database("probe", kNotes);
  database.Exec("INSERT INTO note VALUES ('acme'), ('other')");
  Session session(database);
  const std::string sql = GENERATE(values<std::string>({
      "ALTER TABLE note DISABLE ROW LEVEL SECURITY",
      "ALTER TABLE note NO FORCE ROW LEVEL SECURITY",
      "DROP POLICY organisation ON note",
      "ALTER POLICY organisation ON note USING (true)",
      "CREATE POLICY all_of_them ON note USING (true)",
      "DROP TABLE note",
      "TRUNCATE note",  // It asks no policy.
      "CREATE VIEW open AS SELECT * FROM note",
      "CREATE FUNCTION see() RETURNS bigint AS 'SELECT count(*) FROM note' LANGUAGE sql",
      "CREATE TRIGGER see BEFORE UPDATE ON note FOR EACH ROW "
      "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
      "CREATE SCHEMA mine",
      "DELETE FROM schema_migration",
      "INSERT INTO schema_migration VALUES ('9999_future.sql', '')",
      "GRANT TRUNCATE ON note TO CURRENT_USER",
  }));
  CAPTURE(sql);
  // A GRANT of what one does not have is a warning, and gives nothing.
  const std::string said = session.Refusal(sql);
  if (!absl::StartsWith(sql, "GRANT")) CHECK(said != "");
  CHECK(session.Refusal("TRUNCATE note") != "");
  CHECK(session.Count() == 0);
  CHECK(database.Exec("SELECT FROM note").size() == 2);
}

TEST_CASE("who serves cannot become somebody whom nothing binds", "[service]") {
  TestDatabase database("probe", kNotes);
  database.Exec("INSERT INTO note VALUES ('acme')");
  const std::string owner = database.Exec("SELECT current_user")[0][0].c_str();
  Session session(database);
  CHECK(session.Exec("SELECT current_user")[0][0].c_str() != owner);
  CHECK_FALSE(session.Refusal("SET ROLE " + owner).empty());
  CHECK_FALSE(session.Refusal("SET SESSION AUTHORIZATION " + owner).empty());
  CHECK_FALSE(session.Refusal("ALTER ROLE CURRENT_USER BYPASSRLS").empty());
  // This only turns what a policy hides into an error.
  session.Exec("SET row_security = off");
  CHECK_FALSE(session.Refusal("SELECT * FROM note").empty());
  const auto role = session.Exec(
      "SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = "
      "current_user");
  CHECK_FALSE(role[0][0].as<bool>());
  CHECK(session.Exec("SELECT FROM pg_class WHERE relowner = current_user::regrole").empty());
}

TEST_CASE("each migration gives the same rights anew, and takes back what is too much",
          "[service]") {
  TestDatabase database("probe", kNotes);
  const std::string user = Session(database).Exec("SELECT current_user")[0][0].c_str();
  database.Exec(absl::StrCat("GRANT TRUNCATE ON note TO ", user,
                             "; GRANT CREATE ON SCHEMA probe TO ", user,
                             "; REVOKE SELECT ON note FROM ", user));
  std::vector<Migration> more = kNotes;
  more.push_back({"0002_more.sql", "CREATE TABLE more (id int)"});
  REQUIRE(database.Migrate(more).ok());
  Session session(database);
  CHECK(session.Count() == 0);
  CHECK(session.Exec("SELECT FROM more").empty());  // A table that has just come.
  CHECK_FALSE(session.Refusal("TRUNCATE note").empty());
  CHECK_FALSE(session.Refusal("CREATE TABLE mine (id int)").empty());
}

TEST_CASE("a migration for a role that is not there says so, and can be repeated", "[service]") {
  TestDatabase database("probe", kNotes);
  CHECK_FALSE(database.Migrate(kNotes, "nobody_of_this_name").ok());
  CHECK(database.Migrate(kNotes).ok());
  CHECK(Session(database).Count() == 0);
}

}  // namespace
}  // namespace gatehouse
