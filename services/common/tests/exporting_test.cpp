#include "services/common/jobs/exporting.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "tests/support/test_database.h"

namespace gatehouse {
namespace {

constexpr auto kMany = ExportQueryText(
    "SELECT lpad(n::text, 4, '0') AS key, "
    "jsonb_build_object('n', n, 'text', repeat('x', 10000)) AS record "
    "FROM asked, generate_series(1, 250) AS n WHERE asked.contact_id = 'ada'");
constexpr auto kSaid = ExportQueryText(
    "SELECT n::text AS key, jsonb_build_object('text', ", ExportWithheld("said.text"),
    ") AS record "
    "FROM asked, (VALUES (1, 'Ada and Bob Babbage called'), (2, 'Bob called')) AS "
    "said (n, text) "
    "WHERE asked.names <> '' AND said.text ~* asked.names");
constexpr ExportQuery kQueries[] = {{common::v1::NOTE, kMany.c_str()},
                                    {common::v1::QUOTATION, kSaid.c_str()}};

struct Exporting {
  TestDatabase database{"probe", WithCommon({})};

  static common::v1::ExportContactRequest Asked() {
    common::v1::ExportContactRequest request;
    request.mutable_subject()->set_contact_id("ada");
    request.mutable_subject()->add_name_parts("Ada");
    request.mutable_others()->add_names("Bob Babbage");
    return request;
  }
  std::vector<common::v1::ExportContactResponse> All(common::v1::ExportContactRequest request) {
    std::vector<common::v1::ExportContactResponse> parts;
    do {
      const auto part = ExportPart(database.postgres(), "acme", request, kQueries);
      INFO(part.status().ToString());
      REQUIRE(part.ok());
      request.set_page_token(part->next_page_token());
      parts.push_back(*part);
    } while (!request.page_token().empty());
    return parts;
  }
};

TEST_CASE_METHOD(Exporting, "all comes in parts of a megabyte, each thing once, kind after kind",
                 "[service][no-tsan]") {
  const auto parts = All(Asked());
  REQUIRE(parts.size() == 3);
  int found = 0;
  for (const auto& part : parts) {
    CHECK(part.ByteSizeLong() < 1'200'000);
    for (const auto& record : part.records()) {
      ++found;
      if (record.kind() != common::v1::NOTE) continue;
      CHECK(record.json().find(absl::StrCat("\"n\": ", found, ",")) != std::string::npos);
    }
  }
  CHECK(found == 251);
  const auto& last = parts.back().records(parts.back().records_size() - 1);
  CHECK(last.kind() == common::v1::QUOTATION);
}

TEST_CASE_METHOD(Exporting, "texts of others are given without the names of others",
                 "[service][no-tsan]") {
  const auto said = [&](const common::v1::ExportContactRequest& request) {
    const auto parts = All(request);
    const auto& records = parts.back().records();
    return records[records.size() - 1].json();
  };
  CHECK(said(Asked()) == R"({"text": "Ada and [withheld] called"})");
  auto alone = Asked();
  alone.clear_others();
  CHECK(said(alone) == R"({"text": "Ada and Bob Babbage called"})");
  auto crowd = Asked();
  crowd.mutable_others()->set_more(true);
  CHECK(said(crowd) == R"({"text": "[withheld]"})");
}

TEST_CASE_METHOD(Exporting, "whom no text can name is named by none, and no token is guessed",
                 "[service][no-tsan]") {
  auto nameless = Asked();
  nameless.mutable_subject()->clear_name_parts();
  nameless.mutable_subject()->set_contact_id("eve");
  CHECK(All(nameless)[0].records_size() == 0);
  nameless.set_page_token("x");
  CHECK_FALSE(ExportPart(database.postgres(), "acme", nameless, kQueries).ok());
  nameless.set_page_token("99/");
  CHECK(All(nameless)[0].records_size() == 0);
}

}  // namespace
}  // namespace gatehouse
