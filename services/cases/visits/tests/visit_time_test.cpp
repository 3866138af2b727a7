#include "services/cases/visits/domain/visit_time.h"

#include <catch2/catch.hpp>

#include "google/rpc/status.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"
#include "services/common/rpc/validate.h"

// When a visit is: at a time on the clocks of its place.

namespace gatehouse::cases {
namespace {

v1::VisitTime At(const std::string& local, const std::string& zone = "Australia/Sydney") {
  v1::VisitTime time;
  time.set_local_time(local);
  time.set_time_zone(zone);
  time.set_duration_minutes(90);
  return time;
}

std::string StartIn(const std::string& local, const std::string& zone) {
  v1::VisitTime time = At(local, zone);
  Resolve(time);
  return absl::FormatTime("%Y-%m-%dT%H:%MZ", StartOf(time), absl::UTCTimeZone());
}

absl::Time Utc(const std::string& text) {
  absl::Time time;
  REQUIRE(absl::ParseTime("%Y-%m-%dT%H:%M", text, &time, nullptr));
  return time;
}

std::string MistakeOf(const v1::VisitPlan& plan, const std::string& now = "2026-01-01T00:00") {
  const absl::Status status = CheckPlan(plan, Utc(now));
  return status.ok() ? "" : ToRpcStatus(status).SerializeAsString();
}
std::string MistakeOf(const v1::VisitTime& time, const std::string& now = "2026-01-01T00:00") {
  v1::VisitPlan plan;
  *plan.add_times() = time;
  return MistakeOf(plan, now);
}
bool Names(const std::string& mistake, const std::string& text) {
  return mistake.find(text) != std::string::npos;
}

TEST_CASE("a time on the clocks of a place is a moment, summer and winter", "[unit]") {
  CHECK(StartIn("2026-12-01T09:00", "Australia/Sydney") == "2026-11-30T22:00Z");
  CHECK(StartIn("2026-07-01T09:00", "Australia/Sydney") == "2026-06-30T23:00Z");
  CHECK(StartIn("2026-07-01T09:00", "Asia/Kathmandu") == "2026-07-01T03:15Z");
  CHECK(StartIn("2026-07-01T09:00", "Pacific/Kiritimati") == "2026-06-30T19:00Z");
  CHECK(StartIn("2026-07-01T09:00", "UTC") == "2026-07-01T09:00Z");
}

TEST_CASE("a visit ends after its length, across a change of clocks too", "[unit]") {
  v1::VisitTime time = At("2026-10-25T01:30", "Europe/Berlin");
  time.set_duration_minutes(120);
  Resolve(time);
  CHECK(EndOf(time) - StartOf(time) == absl::Hours(2));
}

TEST_CASE("of an hour that comes twice the first one is meant", "[unit]") {
  CHECK(StartIn("2026-04-05T02:30", "Australia/Sydney") == "2026-04-04T15:30Z");
  CHECK(StartIn("2026-10-25T02:30", "Europe/Berlin") == "2026-10-25T00:30Z");
  CHECK(MistakeOf(At("2026-10-25T02:30", "Europe/Berlin")).empty());
}

TEST_CASE("an hour that the clocks leave out is refused, with its place", "[unit]") {
  const std::string mistake = MistakeOf(At("2026-10-04T02:30"));
  CHECK(Names(mistake, "plan.times[0].local_time"));
  CHECK(Names(mistake, "is left out by the clocks there"));
  CHECK(Names(MistakeOf(At("2026-03-29T02:30", "Europe/Berlin")), "left out"));
  CHECK(MistakeOf(At("2026-10-04T03:00")).empty());
}

TEST_CASE("what rules left out afterwards is when it would have been", "[unit]") {
  CHECK(StartIn("2026-10-04T02:30", "Australia/Sydney") == "2026-10-03T16:30Z");
}

TEST_CASE("a day that there is not is refused", "[unit]") {
  for (const char* local : {"2026-02-30T09:00", "2026-13-01T09:00", "2026-02-01T24:30",
                            "2026-02-01T09:61", "2026-00-10T09:00"}) {
    CAPTURE(local);
    CHECK(Names(MistakeOf(At(local)), "is no time of a day"));
  }
  CHECK(MistakeOf(At("2028-02-29T09:00")).empty());
}

TEST_CASE("a whole day that a place left out is refused", "[unit]") {
  CHECK(Names(MistakeOf(At("2011-12-30T09:00", "Pacific/Apia"), "2011-01-01T00:00"), "left out"));
}

TEST_CASE("a visit is ahead", "[unit]") {
  CHECK(Names(MistakeOf(At("2026-12-01T09:00"), "2026-11-30T22:00"), "is past"));
  CHECK(MistakeOf(At("2026-12-01T09:00"), "2026-11-30T21:59").empty());
}

TEST_CASE("a visit is at most ten years away", "[unit]") {
  CHECK(MistakeOf(At("2036-11-20T09:00"), "2026-11-30T22:00").empty());
  for (const char* local : {"2036-12-03T09:00", "9999-12-31T23:59"}) {
    CAPTURE(local);
    CHECK(Names(MistakeOf(At(local), "2026-11-30T22:00"), "ten years"));
  }
}

TEST_CASE("a moment is proposed once, in whatever zone it is said", "[unit]") {
  v1::VisitPlan plan;
  *plan.add_times() = At("2026-12-01T09:00");
  *plan.add_times() = At("2026-12-01T10:00");
  CHECK(MistakeOf(plan).empty());
  *plan.add_times() = At("2026-11-30T22:00", "UTC");
  CHECK(Names(MistakeOf(plan), "plan.times[2].local_time"));
}

TEST_CASE("a reminder stands once", "[unit]") {
  v1::VisitPlan plan;
  *plan.add_times() = At("2026-12-01T09:00");
  plan.add_reminder_minutes(60);
  plan.add_reminder_minutes(1440);
  CHECK(MistakeOf(plan).empty());
  plan.add_reminder_minutes(60);
  CHECK(Names(MistakeOf(plan), "plan.reminder_minutes[2]"));
}

TEST_CASE("a visit at nine stays at nine when the rules of its zone change", "[unit]") {
  // Kept while the rules said otherwise.
  v1::VisitTime time = At("2026-07-01T09:00", "Europe/Berlin");
  *time.mutable_start_time() = ToProto(Utc("2026-07-01T08:00"));
  *time.mutable_end_time() = ToProto(Utc("2026-07-01T09:30"));
  Resolve(time);
  CHECK(StartOf(time) == Utc("2026-07-01T07:00"));
  CHECK(EndOf(time) == Utc("2026-07-01T08:30"));
}

TEST_CASE("where a zone was abolished, the visit is when it last was", "[unit]") {
  v1::VisitTime time = At("2026-07-01T09:00", "Europe/Atlantis");
  *time.mutable_start_time() = ToProto(Utc("2026-07-01T08:00"));
  *time.mutable_end_time() = ToProto(Utc("2026-07-01T09:30"));
  Resolve(time);
  CHECK(StartOf(time) == Utc("2026-07-01T08:00"));
  CHECK(EndOf(time) == Utc("2026-07-01T09:30"));
  CHECK(Names(MistakeOf(time), "is in no zone that is known"));
}

TEST_CASE("the contract refuses what is no time, no zone and no length", "[unit]") {
  CHECK(Validate(At("2026-12-01T09:00")).ok());
  for (const char* local : {"", "2026-12-01", "2026-12-01T09:00Z", "2026-12-01 09:00", "9:00"}) {
    CAPTURE(local);
    CHECK(ReasonOf(Validate(At(local))) == "INVALID_REQUEST");
  }
  CHECK(ReasonOf(Validate(At("2026-12-01T09:00", "Atlantis"))) == "INVALID_REQUEST");
  v1::VisitTime time = At("2026-12-01T09:00");
  for (const int minutes : {0, 4, 1441, -60}) {
    time.set_duration_minutes(minutes);
    CHECK(ReasonOf(Validate(time)) == "INVALID_REQUEST");
  }
}

TEST_CASE("a mail says when in the place's own time", "[unit]") {
  v1::VisitTime time = At("2026-12-01T09:00");
  Resolve(time);
  CHECK(Readable(time) == "Tuesday, 1 December 2026 at 09:00 (AEDT)");
}

}  // namespace
}  // namespace gatehouse::cases
