#pragma once

#include <string>

#include "gatehouse/cases/v1/visits.pb.h"

namespace gatehouse::cases {

// A visit for which a time was agreed on, as iCalendar (RFC 5545, RFC 5546): one event in UTC. Its
// METHOD is PUBLISH while the visit is CONFIRMED, else CANCEL.
std::string CalendarOf(const v1::Visit& visit);
// The METHOD.
std::string MethodOf(const v1::Visit& visit);

}  // namespace gatehouse::cases
