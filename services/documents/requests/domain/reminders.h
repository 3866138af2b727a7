#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/documents/requests/domain/case_directory.h"
#include "services/documents/requests/domain/document_request.h"
#include "services/documents/requests/domain/readers.h"
#include "services/documents/settings/domain/document_rules.h"
#include "services/documents/uploads/domain/document.h"

namespace gatehouse::documents {

// How long what was asked for or sent back is gathered, so that a client is told of several at
// once.
constexpr absl::Duration kGather = absl::Minutes(10);

// The first time after `after` at which a client is to be reminded of it: at nine in the morning on
// each of the days before its due date, then, once that is past, each interval. InfiniteFuture
// where there is none.
absl::Time NextReminder(const DocumentRequest& request, const ReminderRules& rules,
                        const absl::TimeZone& zone, absl::Time after);

// The same time if it is between eight and twenty there, else the next nine in the morning: nobody
// is woken by us.
absl::Time ByDay(absl::Time time, const absl::TimeZone& zone);

// One client's reminder: all that is open for it, oldest first.
struct Reminder {
  CaseContact contact;
  std::vector<DocumentRequest> requests;
};

// Whom to remind now, and when to look again (InfiniteFuture: when something changes).
struct ReminderPlan {
  std::vector<Reminder> reminders;
  absl::Time next = absl::InfiniteFuture();
};

// What is open of a case, and when it was looked at last.
struct OpenRequests {
  std::vector<DocumentRequest> requests;
  absl::Time last_look = absl::InfinitePast();
};

// A client is reminded where, since the last look, a reminder of something open came due, or
// something was asked for after it had entered, or sent back. What is asked only of others it is
// not reminded of, though it may see it.
ReminderPlan PlanReminders(const OpenRequests& open, const MirroredCase& mirrored,
                           const std::vector<Reader>& readers, const ReminderRules& rules,
                           const absl::TimeZone& zone, absl::Time now);

// What one client is told of: the names of what is shared with it.
struct SharedNotice {
  CaseContact contact;
  std::vector<std::string> names;
};
// To whom documents are shown that are shared since the last look: only what is for the client
// itself or for all, though it may see more.
std::vector<SharedNotice> SharedNotices(const std::vector<Document>& shared,
                                        const MirroredCase& mirrored,
                                        const std::vector<Reader>& readers);

// Lines of a message: at most so many bytes, and how many more there are.
std::string LinesOf(const std::vector<std::string>& names, size_t max);
// The same of requests.
std::string LinesOf(const std::vector<DocumentRequest>& requests, size_t max);

}  // namespace gatehouse::documents
