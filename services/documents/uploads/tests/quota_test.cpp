#include <catch2/catch.hpp>

#include "services/common/base/status.h"
#include "services/documents/uploads/domain/quota.h"

namespace gatehouse::documents {
namespace {

constexpr Quotas kQuotas = {.organisation = {100, 1000}, .of_case = {10, 100}, .contact = {3, 30}};

TEST_CASE("a quota is what there may be, and not one more", "[unit]") {
  CHECK(CheckQuotas({{100, 1000}, {10, 100}, {3, 30}}, kQuotas).ok());
  CHECK(ReasonOf(CheckQuotas({{101, 0}, {}, {}}, kQuotas)) == "ORGANISATION_QUOTA_REACHED");
  CHECK(ReasonOf(CheckQuotas({{0, 1001}, {}, {}}, kQuotas)) == "ORGANISATION_QUOTA_REACHED");
  CHECK(ReasonOf(CheckQuotas({{}, {11, 0}, {}}, kQuotas)) == "CASE_QUOTA_REACHED");
  CHECK(ReasonOf(CheckQuotas({{}, {0, 101}, {}}, kQuotas)) == "CASE_QUOTA_REACHED");
  CHECK(ReasonOf(CheckQuotas({{}, {}, {4, 0}}, kQuotas)) == "CONTACT_QUOTA_REACHED");
  CHECK(ReasonOf(CheckQuotas({{}, {}, {0, 31}}, kQuotas)) == "CONTACT_QUOTA_REACHED");
}

TEST_CASE("the narrowest quota is named, with what it limits", "[unit]") {
  const absl::Status bytes = CheckQuotas({{999, 9999}, {999, 9999}, {1, 31}}, kQuotas);
  CHECK(ReasonOf(bytes) == "CONTACT_QUOTA_REACHED");
  CHECK(FactsOf(bytes)["limit"] == "bytes");
  CHECK(FactsOf(bytes)["max"] == "30");
  const absl::Status documents = CheckQuotas({{}, {11, 101}, {}}, kQuotas);
  CHECK(FactsOf(documents)["limit"] == "documents");
  CHECK(FactsOf(documents)["max"] == "10");
  CHECK(documents.code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("what staff upload does not count for a contact", "[unit]") {
  const Usages client = With({}, {1, 5}, true), staff = With({}, {1, 5}, false);
  CHECK(client.contact.documents == 1);
  CHECK(client.contact.bytes == 5);
  CHECK(staff.contact.documents == 0);
  CHECK(staff.of_case.bytes == 5);
  CHECK(staff.organisation.documents == 1);
}

}  // namespace
}  // namespace gatehouse::documents
