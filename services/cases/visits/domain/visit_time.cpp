#include "services/cases/visits/domain/visit_time.h"

#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"

namespace gatehouse::cases {
namespace {

// Whoever plans further than ten years ahead has mistyped a year; a calendar ends somewhere, too.
constexpr absl::Duration kFarthest = absl::Hours(24 * 3653);

// What the clocks of the place make of a time.
struct Reading {
  std::string mistake;  // Why there is no such time; empty: there is.
  absl::Time start;
};

Reading Read(const v1::VisitTime& time) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(time.time_zone(), &zone)) return {"is in no zone that is known", {}};
  absl::CivilMinute local;
  if (!absl::ParseCivilTime(time.local_time(), &local)) return {"is no time of a day", {}};
  const absl::TimeZone::TimeInfo info = zone.At(absl::CivilSecond(local));
  // Before the change: of an hour that comes twice its first, and of one that is left out the time
  // that it would have been.
  const bool skipped = info.kind == absl::TimeZone::TimeInfo::SKIPPED;
  return {skipped ? "is left out by the clocks there" : "", info.pre};
}

}  // namespace

void Resolve(v1::VisitTime& time) {
  const Reading reading = Read(time);
  if (reading.start == absl::Time()) return;
  *time.mutable_start_time() = ToProto(reading.start);
  *time.mutable_end_time() = ToProto(reading.start + absl::Minutes(time.duration_minutes()));
}

void Resolve(v1::VisitPlan& plan) {
  for (v1::VisitTime& time : *plan.mutable_times()) Resolve(time);
}

absl::Time StartOf(const v1::VisitTime& time) { return FromProto(time.start_time()); }
absl::Time EndOf(const v1::VisitTime& time) { return FromProto(time.end_time()); }

absl::Status CheckPlan(const v1::VisitPlan& plan, absl::Time now) {
  std::vector<FieldViolation> violations;
  std::set<absl::Time> starts;
  for (int i = 0; i < plan.times_size(); ++i) {
    const Reading reading = Read(plan.times(i));
    std::string mistake = reading.mistake;
    if (mistake.empty() && reading.start <= now) mistake = "is past";
    if (mistake.empty() && reading.start > now + kFarthest) mistake = "is more than ten years away";
    if (mistake.empty() && !starts.insert(reading.start).second) mistake = "stands there twice";
    if (mistake.empty()) continue;
    violations.push_back({absl::StrCat("plan.times[", i, "].local_time"), mistake});
  }
  std::set<int> leads;
  for (int i = 0; i < plan.reminder_minutes_size(); ++i) {
    if (leads.insert(plan.reminder_minutes(i)).second) continue;
    violations.push_back({absl::StrCat("plan.reminder_minutes[", i, "]"), "stands there twice"});
  }
  return violations.empty() ? absl::OkStatus() : RefuseFields(violations);
}

std::string Readable(const v1::VisitTime& time) {
  absl::TimeZone zone = absl::UTCTimeZone();
  absl::LoadTimeZone(time.time_zone(), &zone);
  return absl::FormatTime("%A, %-d %B %Y at %H:%M (%Z)", StartOf(time), zone);
}

}  // namespace gatehouse::cases
