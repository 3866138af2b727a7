#include "services/identity/audit/audit_line.h"

#include <catch2/catch.hpp>

#include <vector>

// What is hashed of a row, and how a walk along the chain finds what was done to it.

namespace gatehouse::identity {
namespace {

AuditEvent Event(int i) {
  return {.audit_event_id = "aud_" + std::to_string(i),
          .type = "session.started",
          .actor_name = "Ada",
          .time = absl::FromUnixMicros(1'700'000'000'123'456 + i)};
}

// A chain of rows 1 to `count`.
std::vector<AuditLink> Chain(int count, const std::string& organisation = "acme") {
  std::vector<AuditLink> links;
  std::string hash = kNoAuditHash;
  for (int i = 1; i <= count; ++i) {
    hash = AuditHash(AuditLine(organisation, i, hash, Event(i)));
    links.push_back({i, hash, Event(i)});
  }
  return links;
}

std::optional<BrokenLink> BrokenIn(const std::vector<AuditLink>& links) {
  AuditWalk walk("acme", 0, kNoAuditHash);
  for (const AuditLink& link : links) {
    if (const auto broken = walk.Step(link)) {
      CHECK(walk.number() == broken->number - 1);
      return broken;
    }
  }
  return std::nullopt;
}

TEST_CASE("a line has the fields that are set, and the hash of the line before", "[unit]") {
  AuditEvent event = Event(1);
  const std::string zeros(64, '0');
  CHECK(AuditLine("acme", 1, kNoAuditHash, event) ==
        R"({"actorName":"Ada","auditEventId":"aud_1","number":1,"organisationId":"acme",)"
        R"("previousHash":")" +
            zeros + R"(","time":"2023-11-14T22:13:20.123457Z","type":"session.started"})");
  event.actor_id = "sam";
  event.subject_id = "ses_1";
  event.case_id = "deal-1";
  event.client_address = "192.0.2.7";
  event.request_id = "req_1";
  event.client_request_id = "theirs";
  event.data = {{"before", "{}"}, {"after", "a \"b\"\n\u00e4"}};
  CHECK(AuditLine("acme", 2, "ab", event) ==
        R"({"actorId":"sam","actorName":"Ada","auditEventId":"aud_1","caseId":"deal-1",)"
        R"("clientAddress":"192.0.2.7","clientRequestId":"theirs",)"
        "\"data\":{\"after\":\"a \\\"b\\\"\\n\u00e4\",\"before\":\"{}\"},"
        R"("number":2,"organisationId":"acme","previousHash":"ab","requestId":"req_1",)"
        R"("subjectId":"ses_1","time":"2023-11-14T22:13:20.123457Z","type":"session.started"})");
}

TEST_CASE("a hash is SHA-256 of the line, in hex", "[unit]") {
  CHECK(AuditHash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(AuditHash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a walk follows a whole chain to its end", "[unit]") {
  const auto links = Chain(5);
  AuditWalk walk("acme", 0, kNoAuditHash);
  for (const AuditLink& link : links) CHECK_FALSE(walk.Step(link).has_value());
  CHECK(walk.number() == 5);
  CHECK(walk.hash() == links.back().hash);
  // From the middle on, by the hash that is there.
  AuditWalk later("acme", 3, links[2].hash);
  CHECK_FALSE(later.Step(links[3]).has_value());
  AuditWalk doubting("acme", 3, links[1].hash);
  CHECK(doubting.Step(links[3])->number == 4);
}

TEST_CASE("whatever is done to a row, the walk stops at it", "[unit]") {
  auto links = Chain(5);
  SECTION("another text") {
    links[2].event.actor_name = "Eve";
    const auto broken = BrokenIn(links);
    CHECK(broken->number == 3);
    CHECK(broken->kind == AuditBreak::kAltered);
    CHECK(broken->audit_event_id == "aud_3");
  }
  SECTION("another text with a hash of its own: the next one shows it") {
    links[2].event.actor_name = "Eve";
    links[2].hash = AuditHash(AuditLine("acme", 3, links[1].hash, links[2].event));
    CHECK(BrokenIn(links)->number == 4);
  }
  SECTION("a microsecond") {
    links[4].event.time += absl::Microseconds(1);
    CHECK(BrokenIn(links)->number == 5);
  }
  SECTION("a fact") {
    links[0].event.data["after"] = "x";
    CHECK(BrokenIn(links)->number == 1);
  }
  SECTION("a row that is gone") {
    links.erase(links.begin() + 1);
    const auto broken = BrokenIn(links);
    CHECK(broken->number == 2);
    CHECK(broken->kind == AuditBreak::kMissing);
    CHECK(broken->audit_event_id.empty());
  }
  SECTION("a row that is gone, and the others moved up") {
    links.erase(links.begin() + 1);
    for (size_t i = 0; i < links.size(); ++i) links[i].number = static_cast<int64_t>(i + 1);
    CHECK(BrokenIn(links)->number == 2);
  }
  SECTION("two that changed places") {
    std::swap(links[1].event, links[2].event);
    CHECK(BrokenIn(links)->number == 2);
  }
  SECTION("one twice") {
    links.insert(links.begin() + 2, links[1]);
    CHECK(BrokenIn(links)->number == 3);
  }
  SECTION("another organisation's rows") { CHECK(BrokenIn(Chain(5, "other"))->number == 1); }
  SECTION("nothing") { CHECK_FALSE(BrokenIn(links).has_value()); }
}

}  // namespace
}  // namespace gatehouse::identity
