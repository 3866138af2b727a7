#include "services/documents/settings/handler.h"
#include "services/documents/settings/stored_rules.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

struct SettingsFixture : Fixture {
  gatehouse::Settings<pb::Settings> settings{database.postgres(), outbox};
  Once once{database.postgres(), Secret(RandomBytes(32))};
  SettingsHandler handler{{database.postgres(), outbox, settings, once}};
  StoredRules stored{settings};

  absl::StatusOr<pb::Settings> Update(const pb::Settings& change,
                                      const std::vector<std::string>& mask = {}) {
    pb::UpdateSettingsRequest request;
    *request.mutable_settings() = change;
    for (const std::string& path : mask) request.mutable_update_mask()->add_paths(path);
    return handler.UpdateSettings(StaffCall(), request);
  }
};

TEST_CASE_METHOD(SettingsFixture, "who sets nothing has the defaults", "[service]") {
  const DocumentRules rules = stored.Get("acme").value();
  CHECK(rules.max_document_bytes == 100 << 20);
  CHECK(rules.quotas.contact.documents == 500);
  CHECK(rules.quotas.contact.bytes == 5LL << 30);
  CHECK(rules.quotas.of_case.documents == 5000);
  CHECK(rules.quotas.of_case.bytes == 50LL << 30);
  CHECK(rules.quotas.organisation.documents == 1'000'000);
  CHECK(rules.quotas.organisation.bytes == 1LL << 40);
  CHECK(rules.max_document_requests == 200);
  for (const std::string& type : rules.allowed_types) {
    CHECK(CanonicalType(type) == type);
    CHECK_FALSE(IsDangerousType(type));
    CHECK(CheckType(type, "", rules.allowed_types).ok());
  }
}

TEST_CASE_METHOD(SettingsFixture, "cases hears what a client may hand in, with each change",
                 "[service]") {
  const auto told = [&] {
    return database.Exec("SELECT count(*) FROM job WHERE kind LIKE '%/FollowUploadLimits'")[0][0]
        .as<int>();
  };
  pb::Settings change;
  change.set_max_document_bytes(0);
  CHECK_FALSE(Update(change).ok());
  CHECK(told() == 0);
  change.set_max_document_bytes(1000);
  REQUIRE(Update(change).ok());
  CHECK(told() == 1);
}

TEST_CASE_METHOD(SettingsFixture, "an update that is repeated by its id has its first answer",
                 "[service]") {
  pb::UpdateSettingsRequest request;
  request.mutable_settings()->set_max_document_requests(7);
  request.mutable_settings()->set_etag(handler.GetSettings(StaffCall(), {})->etag());
  request.set_request_id("r1");
  const auto first = handler.UpdateSettings(StaffCall(), request);
  REQUIRE(first.ok());
  CHECK(handler.UpdateSettings(StaffCall(), request)->etag() == first->etag());
  request.set_request_id("r2");
  CHECK(ReasonOf(handler.UpdateSettings(StaffCall(), request).status()) == "ETAG_MISMATCH");
}

TEST_CASE_METHOD(SettingsFixture, "an organisation sets what it likes, and keeps the rest",
                 "[service]") {
  pb::Settings change;
  change.mutable_contact_quota()->set_max_documents(3);
  REQUIRE(Update(change).ok());
  change.Clear();
  change.set_max_document_bytes(10);
  const auto now = Update(change);
  REQUIRE(now.ok());
  CHECK(now->contact_quota().max_documents() == 3);
  CHECK(now->contact_quota().max_bytes() == 5LL << 30);
  CHECK(stored.Get("acme")->max_document_bytes == 10);
  CHECK(stored.Get("other")->max_document_bytes == 100 << 20);
  CHECK(Update({}, {"contact_quota"})->contact_quota().max_documents() == 500);
}

TEST_CASE_METHOD(SettingsFixture, "nothing dangerous is put on the list", "[service]") {
  pb::Settings change;
  change.add_allowed_content_types("application/pdf");
  change.add_allowed_content_types("Text/HTML; charset=utf-8");
  CHECK(ReasonOf(Update(change).status()) == "INVALID_REQUEST");
  change.set_allowed_content_types(1, "image/JPG");
  REQUIRE(Update(change).ok());
  CHECK(stored.Get("acme")->allowed_types ==
        std::vector<std::string>{"application/pdf", "image/jpeg"});
}

TEST_CASE("an upgrade keeps what an organisation has set", "[service]") {
  const std::vector<Migration> all = WithCommon(kMigrations);
  const auto change = std::find_if(all.begin(), all.end(), [](const Migration& migration) {
    return migration.name == "0003_document_settings.sql";
  });
  REQUIRE(change != all.end());
  const std::vector<Migration> before(all.begin(), change);
  TestDatabase database("documents", before);
  for (const int64_t bytes : {1, 127, 128, 300, 104857600}) {
    database.Exec(absl::StrCat("INSERT INTO settings VALUES ('org-", bytes, "', ", bytes, ")"));
  }
  database.Exec("INSERT INTO settings VALUES ('most', 5368709120)");
  REQUIRE(database.Migrate(all).ok());
  Outbox outbox(database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}});
  const gatehouse::Settings<pb::Settings> settings(database.postgres(), outbox);
  for (const int64_t bytes : {1, 127, 128, 300, 104857600}) {
    CHECK(settings.Get(absl::StrCat("org-", bytes), "")->max_document_bytes() == bytes);
  }
  CHECK(settings.Get("most", "")->max_document_bytes() == 5368709120);
}

}  // namespace
}  // namespace gatehouse::documents
