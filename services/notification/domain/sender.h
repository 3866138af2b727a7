#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/notification/domain/texts.h"

namespace gatehouse::notification {

// A message on its way out.
struct Outgoing {
  std::string organisation_id, message_id;
  Recipient recipient;
  Text text;
  bool unpaid = false;    // An SMS by the organisation's own account: no credits stand behind it.
  std::string from_name;  // Whom the reader of an e-mail knows; empty: nobody.
};

enum class Outcome {
  kSent,
  kTryAgain,  // Not taken; later may help.
  kUnsure,    // It may have been taken: find out before sending again.
  kRefused,   // Not taken, and never will be.
};

struct SendResult {
  Outcome outcome = Outcome::kTryAgain;
  std::string provider_id;  // What the provider calls it, where it says.
  // UPPER_SNAKE, where it was refused; after a space the provider's code, where it gives one.
  std::string failure;
  absl::Duration wait;  // How long the provider asks to be left alone; none: zero.
  bool away = false;    // kTryAgain, kUnsure: the provider is to blame, whatever the message.
  std::string detail;   // Not sent: what v1::Relay says as its failure.
  // kRefused: whatever is sent there will be refused.
  bool recipient_is_dead = false;
};

// One way out. Used by one thread at a time.
class Sender {
 public:
  virtual ~Sender() = default;
  // Bounded in time: 15 s at most.
  virtual SendResult Send(const Outgoing& message) = 0;
  // The provider's ids of messages with this recipient and text that it has taken lately: asked
  // after kUnsure. Null where the channel cannot tell, and sending again is harmless. Bounded in
  // time like Send().
  virtual std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing& message) = 0;
};

}  // namespace gatehouse::notification
