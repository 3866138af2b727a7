#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/notification/sms/domain/receipts.h"

namespace gatehouse::notification {

// Whether a number is sent SMS, and since when.
struct Stop {
  bool stopped = false;
  std::optional<absl::Time> change_time;
};

// What holds for an organisation: `house` is what the number said to the sender that all
// organisations share, nothing where this one has a sender of its own; `own` what it said to that
// one, or what the organisation's staff said later. Only what they said after it counts.
inline Stop StopFor(const Stop& house, const Stop& own) {
  if (own.stopped) return own;
  const bool lifted = own.change_time && house.change_time && *own.change_time > *house.change_time;
  return lifted ? own : house;
}

// What numbers have said, and what became of what they were sent; in PostgreSQL, since it must not
// be lost. Numbers are keyed hashes there. Each method is atomic.
class StopStore {
 public:
  virtual ~StopStore() = default;
  virtual absl::StatusOr<Stop> Find(const std::string& organisation_id,
                                    const std::string& number) = 0;
  // Notes what a number said by an SMS that came in to the organisation's own sender, or (empty) to
  // the one that all share; the same `provider_id` once, so that what is said again later (a
  // callback that is repeated, or replayed) undoes nothing.
  virtual absl::Status Say(const std::string& organisation_id, const std::string& number, bool stop,
                           const std::string& provider_id) = 0;
  // Notes that the provider passes nothing on to it from that sender.
  virtual absl::Status Learn(const std::string& organisation_id, const std::string& number) = 0;
  // Notes that the organisation's staff let it be sent SMS again, in the audit trail too; nothing
  // where it is not stopped. What holds then.
  virtual absl::StatusOr<Stop> Lift(const std::string& organisation_id,
                                    const std::string& number) = 0;
  // Adds what the provider said of a message of the organisation; nothing where there is none such,
  // or it said so before.
  virtual absl::Status Add(const std::string& organisation_id, const std::string& message_id,
                           const Receipt& receipt) = 0;
  // What the provider calls the message, as it said of it; empty: it has said nothing.
  virtual absl::StatusOr<std::string> ProviderIdOf(const std::string& organisation_id,
                                                   const std::string& message_id) = 0;
};

}  // namespace gatehouse::notification
