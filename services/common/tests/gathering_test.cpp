#include "services/common/jobs/gathering.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/common/base/caller.h"
#include "services/common/base/status.h"

namespace gatehouse {
namespace {

const char kOne[] = "gatehouse.notification.v1.Intake/PublishEvent";
const char kMany[] = "gatehouse.notification.v1.Intake/PublishEvents";

// The calls that were made, each to be answered when the test says so.
struct Fixture {
  struct Made {
    std::string method, organisation_id;
    std::vector<std::string> asked;  // The ids in it.
    absl::Time deadline;
    std::string traceparent;
    JobDone done;
  };
  std::vector<Made> calls;
  std::map<std::string, absl::Status> ended;  // By id.
  std::shared_ptr<Gathering> gathering = std::make_shared<Gathering>(
      [this](const std::string& method, const std::string& organisation_id,
             const std::string& request, absl::Time deadline, JobDone done) {
        calls.push_back({method, organisation_id, IdsIn(method, request), deadline,
                         Call::Current().trace.Traceparent(), std::move(done)});
      },
      std::map<std::string, std::string>{{kOne, kMany}}, absl::Seconds(5));

  static std::vector<std::string> IdsIn(const std::string& method, const std::string& bytes) {
    std::vector<std::string> ids;
    if (method == kMany) {
      notification::v1::PublishEventsRequest many;
      CHECK(many.ParseFromString(bytes));
      for (const auto& one : many.requests()) ids.push_back(one.request_id());
    } else {
      notification::v1::PublishEventRequest one;
      CHECK(one.ParseFromString(bytes));
      ids.push_back(one.request_id());
    }
    return ids;
  }
  void Do(const std::string& id, const std::string& organisation_id = "acme",
          const std::string& method = kOne, const std::string& padding = "") {
    notification::v1::PublishEventRequest request;
    request.set_request_id(id);
    request.set_type(padding);
    Job job = {.organisation_id = organisation_id, .kind = method, .id = id};
    job.payload = request.SerializeAsString();
    job.traceparent = absl::StrCat("00-", std::string(31, '0'), id.substr(0, 1), "-",
                                   std::string(15, '0'), "1-01");
    gathering->Do(job, [this, id](absl::Status status) { ended[id] = std::move(status); });
  }
  void Answer(size_t call, const absl::Status& status = absl::OkStatus()) {
    const JobDone done = calls.at(call).done;
    done(status);
  }
};
using Ids = std::vector<std::string>;

TEST_CASE_METHOD(Fixture, "a call that comes alone is made as it is, at once", "[unit]") {
  Do("1");
  REQUIRE(calls.size() == 1);
  CHECK(calls[0].method == kOne);
  CHECK(calls[0].organisation_id == "acme");
  CHECK(calls[0].asked == Ids{"1"});
  CHECK(ended.empty());
  Answer(0);
  CHECK(ended.at("1").ok());
  SECTION("and so is the next one") {
    Do("2");
    REQUIRE(calls.size() == 2);
    CHECK(calls[1].method == kOne);
  }
}

TEST_CASE_METHOD(Fixture, "what comes while a call is under way goes together after it", "[unit]") {
  Do("1");
  for (const char* id : {"2", "3", "4"}) Do(id);
  REQUIRE(calls.size() == 1);
  Answer(0);
  REQUIRE(calls.size() == 2);
  CHECK(calls[1].method == kMany);
  CHECK(calls[1].asked == Ids{"2", "3", "4"});
  CHECK(ended.size() == 1);
  Do("5");
  Answer(1);
  CHECK(ended.size() == 4);
  REQUIRE(calls.size() == 3);
  CHECK(calls[2].method == kOne);
  CHECK(calls[2].asked == Ids{"5"});
  Answer(2);
  CHECK(ended.size() == 5);
}

TEST_CASE_METHOD(Fixture, "organisations do not wait for one another", "[unit]") {
  Do("1");
  Do("2", "other");
  REQUIRE(calls.size() == 2);
  CHECK(calls[1].organisation_id == "other");
  Do("3");
  Do("4", "other");
  Answer(0);
  REQUIRE(calls.size() == 3);
  CHECK(calls[2].organisation_id == "acme");
  CHECK(calls[2].asked == Ids{"3"});
}

TEST_CASE_METHOD(Fixture, "an RPC that takes one only is called for each", "[unit]") {
  Do("1", "acme", "gatehouse.cases.v1.CaseDirectory/AddNote");
  Do("2", "acme", "gatehouse.cases.v1.CaseDirectory/AddNote");
  CHECK(calls.size() == 2);
}

TEST_CASE_METHOD(Fixture, "no more go together than the callee takes", "[unit]") {
  Do("first");
  SECTION("in number") {
    for (size_t i = 0; i < Gathering::kMost + 1; ++i) Do(absl::StrCat(i));
    Answer(0);
    REQUIRE(calls.size() == 2);
    CHECK(calls[1].asked.size() == Gathering::kMost);
    Answer(1);
    REQUIRE(calls.size() == 3);
    CHECK(calls[2].asked == Ids{absl::StrCat(Gathering::kMost)});
  }
  SECTION("nor in bytes, but one whatever its size") {
    const std::string half(Gathering::kMostBytes / 2, 'x'), more(2 * Gathering::kMostBytes, 'x');
    Do("1", "acme", kOne, half);
    Do("2", "acme", kOne, half);
    Do("3", "acme", kOne, more);
    Do("4");
    for (size_t call = 0; call < 4; ++call) Answer(call);
    REQUIRE(calls.size() == 5);
    CHECK(calls[1].asked == Ids{"1"});
    CHECK(calls[2].asked == Ids{"2"});
    CHECK(calls[3].asked == Ids{"3"});
    CHECK(calls[4].asked == Ids{"4"});
  }
}

TEST_CASE_METHOD(Fixture, "who is away is away for all that went together", "[unit]") {
  Do("1");
  Do("2");
  Do("3");
  Answer(0);
  SECTION("unavailable") { Answer(1, absl::UnavailableError("away")); }
  SECTION("or without an answer") { Answer(1, absl::DeadlineExceededError("late")); }
  CHECK(ended.at("1").ok());
  CHECK_FALSE(ended.at("2").ok());
  CHECK(ended.at("2") == ended.at("3"));
  CHECK(calls.size() == 2);
}

TEST_CASE_METHOD(Fixture, "what is refused together is asked for one by one", "[unit]") {
  Do("1");
  Do("good");
  Do("bad");
  Answer(0);
  REQUIRE(calls.size() == 2);
  // One of them was bad; or the callee is of before, and knows no such RPC.
  const bool bad = GENERATE(true, false);
  Answer(1, bad ? Refuse(common::v1::NOT_FOUND, "no") : absl::UnimplementedError("no"));
  REQUIRE(calls.size() == 4);
  CHECK(calls[2].method == kOne);
  CHECK(calls[3].method == kOne);
  CHECK(ended.size() == 1);
  Answer(2);
  Answer(3, Refuse(common::v1::NOT_FOUND, "no"));
  CHECK(ended.at("good").ok());
  CHECK(ReasonOf(ended.at("bad")) == "NOT_FOUND");
  SECTION("and the line goes on meanwhile") {
    Do("next");
    CHECK(calls.size() == 5);
  }
}

TEST_CASE_METHOD(Fixture, "none waits beyond its own time", "[unit]") {
  const absl::Time before = absl::Now();
  Do("1");
  Do("2");
  const absl::Time between = absl::Now();
  absl::SleepFor(absl::Milliseconds(20));
  Do("3");
  Answer(0);
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].deadline >= before + absl::Seconds(5));
  CHECK(calls[1].deadline <= between + absl::Seconds(5));
}

TEST_CASE_METHOD(Fixture, "a call is part of the trace of the first in it", "[unit]") {
  Do("1");
  Do("2");
  Do("3");
  Answer(0);
  REQUIRE(calls.size() == 2);
  CHECK(calls[1].traceparent.substr(3, 32) == std::string(31, '0') + "2");
}

TEST_CASE_METHOD(Fixture, "whoever is told may ask for the next at once, and let go of all",
                 "[unit]") {
  notification::v1::PublishEventRequest request;
  request.set_request_id("2");
  const Job next = {
      .organisation_id = "acme", .kind = kOne, .id = "2", .payload = request.SerializeAsString()};
  Job first = next;
  bool done = false;
  gathering->Do(first, [&](const absl::Status&) {
    gathering->Do(next, [&](const absl::Status&) { done = true; });
    gathering.reset();
  });
  Answer(0);
  REQUIRE(calls.size() == 2);
  Answer(1);
  CHECK(done);
}

}  // namespace
}  // namespace gatehouse
