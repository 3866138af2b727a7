#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gatehouse/cases/v1/visits.pb.h"

namespace gatehouse::cases {

// When a visit is. What holds is the time on the clocks of its place: the moment follows from it by
// the rules of the zone as this process knows them, each time that it is asked for.

// Sets when it begins and ends. Where the zone is not known any more, or the day is none, what was
// set before stays.
void Resolve(v1::VisitTime& time);
void Resolve(v1::VisitPlan& plan);

absl::Time StartOf(const v1::VisitTime& time);  // As it was last resolved.
absl::Time EndOf(const v1::VisitTime& time);

// OK, or INVALID_REQUEST with every mistake, each with its place: a day that there is not, an hour
// that the clocks leave out there, a time that is past or stands twice.
absl::Status CheckPlan(const v1::VisitPlan& plan, absl::Time now);

// For a mail: the time on the clocks of its place, with the zone's abbreviation there, such as
// `Tuesday, 1 December 2026 at 09:00 (AEDT)`.
std::string Readable(const v1::VisitTime& time);

}  // namespace gatehouse::cases
