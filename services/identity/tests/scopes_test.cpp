#include "services/identity/domain/scopes.h"

#include <catch2/catch.hpp>

#include "services/common/base/status.h"
#include "services/common/rpc/method_rules.h"

namespace gatehouse::identity {
namespace {

const std::set<std::string> kKnown = {"*", "cases.read", "cases.write", "documents.read"};

std::string NearestTo(const std::string& scope) {
  const absl::Status status = CheckScopesKnown({scope}, kKnown);
  CHECK(ReasonOf(status) == "SCOPE_UNKNOWN");
  CHECK(FactsOf(status)["scope"] == scope);
  return FactsOf(status)["nearest"];
}

TEST_CASE("a mistyped scope is refused by name, with the nearest that there is", "[unit]") {
  CHECK(CheckScopesKnown({}, kKnown).ok());
  CHECK(CheckScopesKnown({"cases.read", "*"}, kKnown).ok());
  CHECK(NearestTo("cases.raed") == "cases.read");
  CHECK(NearestTo("case.write") == "cases.write");
  CHECK(NearestTo("Cases.Read") == "cases.read");
  CHECK(NearestTo("document.read") == "documents.read");
  CHECK(NearestTo("") == "*");
  CHECK(NearestTo("cases.read ") == "cases.read");
}

TEST_CASE("the first unknown scope is named, however many are known", "[unit]") {
  const absl::Status status = CheckScopesKnown({"cases.read", "x.y", "z"}, kKnown);
  CHECK(FactsOf(status)["scope"] == "x.y");
}

TEST_CASE("a distance counts what is inserted, deleted and replaced", "[unit]") {
  CHECK(EditDistance("", "") == 0);
  CHECK(EditDistance("abc", "") == 3);
  CHECK(EditDistance("", "abc") == 3);
  CHECK(EditDistance("kitten", "sitting") == 3);
  CHECK(EditDistance("cases.raed", "cases.read") == 2);
  CHECK(EditDistance("same", "same") == 0);
}

TEST_CASE("the scopes that are known are those that any RPC of any service asks for", "[unit]") {
  const auto& scopes = AllScopes();
  for (const char* scope : {"*", "cases.read", "documents.write", "invitations.read",
                            "organisation.write", "events.read", "credits.read", "apiKeys.write"}) {
    INFO(scope);
    CHECK(scopes.count(scope) == 1);
  }
}

}  // namespace
}  // namespace gatehouse::identity
