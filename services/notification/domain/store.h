#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/page.h"
#include "services/notification/domain/sender.h"
#include "services/notification/sms/domain/receipts.h"

namespace gatehouse::notification {

enum class MessageState { kQueued = 1, kSending = 2, kSent = 3, kFailed = 4, kExpired = 5 };
enum class EntryKind { kPurchase = 1, kReservation = 2, kCharge = 3, kRelease = 4 };

struct Message {
  std::string message_id, template_name, masked_recipient, case_id, failure;
  std::string template_id;  // Of the organisation's template that it was made of; empty: of none.
  int64_t template_version = 0;
  Channel channel = Channel::kEmail;
  MessageState state = MessageState::kQueued;
  int segments = 0, attempts = 0;
  absl::Time create_time;
  std::optional<absl::Time> send_time;
  ReceiptState delivery = ReceiptState::kUnknown;  // Afterwards.
  std::optional<absl::Time> delivery_time;
  std::string delivery_failure;
};

// A message to keep: what staff see of it, and what is to be sent.
struct NewMessage {
  std::string organisation_id, request_id;
  // One message that waits under a topic is enough: a newer one takes its place. Empty: none.
  std::string topic;
  Message shown;
  Outgoing outgoing;
  absl::Time expire_time;
  bool urgent = false;  // Somebody waits for it.
};

// A message that is this process's to send, until `held_until`.
struct Claim {
  std::string organisation_id, message_id;
  int64_t job_number = 0;
  // Nothing where it is sealed under a key that this process does not have.
  std::optional<Outgoing> outgoing;
  int attempts = 0;  // With this one; also what tells a claim from a later one.
  int failures = 0;  // Attempts that failed by the message's own fault.
  absl::Time create_time, expire_time = absl::InfiniteFuture();
  absl::Time held_until = absl::InfiniteFuture();
};

// What is known of the attempts before.
struct Standing {
  bool waits = true;  // It is neither sent nor given up.
  int attempts = 0;   // Those whose outcome was recorded.
  // How long ago the last of them may have been taken by the provider; nothing where it was not.
  std::optional<absl::Duration> unsure_for;
};

// What became of an attempt.
struct Verdict {
  MessageState state = MessageState::kQueued;  // kQueued: to be tried again.
  std::string provider_id;                     // kSent, where the provider says.
  std::string failure;                         // kFailed
  bool unsure = false;                         // kQueued: it may have been taken all the same.
};

struct Entry {
  int64_t number = 0;
  EntryKind kind = EntryKind::kPurchase;
  int64_t credits = 0, balance = 0;
  std::string reference;
  absl::Time create_time;
};

struct Event {
  int64_t number = 0;
  std::string event_id, request_id, type, case_id;
  absl::Time time;
  std::map<std::string, std::string> data;
};

// What notification keeps. Each method is one transaction about one organisation's rows.
class Store {
 public:
  virtual ~Store() = default;

  virtual absl::StatusOr<Standing> Look(const std::string& organisation_id,
                                        const std::string& message_id) = 0;
  // Records what became of a claimed message. Its reservation is charged (kSent), given back
  // (kFailed, kExpired) or kept (kQueued). Harmless to repeat. Changes nothing where the message is
  // settled already, nor, but for kSent, where somebody else has claimed it since.
  virtual absl::Status Record(const Claim& claim, const Verdict& verdict) = 0;
  // Records it as sent under the first of the provider's ids that no other message was sent under;
  // false where there is none. Two messages never share one.
  virtual absl::StatusOr<bool> RecordFound(const Claim& claim,
                                           const std::vector<std::string>& provider_ids) = 0;

  virtual absl::StatusOr<std::vector<Message>> ListMessages(const std::string& organisation_id,
                                                            const std::string& case_id,
                                                            const Page& page) = 0;
  virtual absl::StatusOr<std::map<std::string, MessageState>> LookUp(
      const std::string& organisation_id, const std::vector<std::string>& request_ids) = 0;

  virtual absl::StatusOr<int64_t> Balance(const std::string& organisation_id) = 0;
  // The same reference buys once. The new balance.
  virtual absl::StatusOr<int64_t> Purchase(const std::string& organisation_id, int64_t credits,
                                           const std::string& reference) = 0;
  // Which balance is low from now on; one that is not low any more may be told as low again.
  virtual absl::Status SetLowBalance(const std::string& organisation_id, int64_t low_balance) = 0;
  virtual absl::StatusOr<std::vector<Entry>> ListEntries(const std::string& organisation_id,
                                                         const Page& page) = 0;

  // In their order; the same request_id is taken once. Those that were not known yet, with their
  // ids.
  virtual absl::StatusOr<std::vector<Event>> Publish(const std::string& organisation_id,
                                                     const std::vector<Event>& events) = 0;
  // The id of the one with this request_id; NOT_FOUND.
  virtual absl::StatusOr<std::string> FindEvent(const std::string& organisation_id,
                                                const std::string& request_id) = 0;
  // By organisation the number of its newest event, of those that have any.
  virtual absl::StatusOr<std::map<std::string, int64_t>> NewestEvents(
      const std::vector<std::string>& organisation_ids) = 0;
  virtual absl::StatusOr<std::vector<Event>> ListEvents(const std::string& organisation_id,
                                                        int64_t after, int limit) = 0;
};

}  // namespace gatehouse::notification
