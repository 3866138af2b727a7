#pragma once

#include <optional>
#include <string>

#include "services/notification/domain/messages.h"
#include "services/notification/preferences/domain/preferences.h"
#include "services/notification/sms/sms_gate.h"
#include "services/notification/store/message_queue.h"
#include "services/notification/templates/domain/templates.h"

namespace gatehouse::notification {

// Makes messages by the organisation's templates, and hands them to the queue.
class Submitter {
 public:
  // `sms`: to which numbers SMS go; null where no provider is set up.
  Submitter(MessageQueue& queue, Templates& templates, const Actions& actions,
            PreferenceStore& preferences, const SmsGate* sms)
      : queue_(queue),
        templates_(templates),
        actions_(actions),
        preferences_(preferences),
        sms_(sms) {}

  // What a message of this kind is made of: as Templates::Choose() says, and where none was chosen,
  // first by the template that the organisation's automatic action names.
  absl::StatusOr<StoredTemplate> Choose(const std::string& organisation_id, const Kind& kind,
                                        const std::string& chosen_id, const std::string& language);
  // The number or name that an organisation's SMS come from, where by its own account.
  absl::StatusOr<std::optional<std::string>> OwnSender(const std::string& organisation_id) const;
  // Refuses as SmsGate, where there are SMS at all.
  absl::Status CheckSmsTo(const std::string& organisation_id, const std::string& number) const;
  // Refuses SMS_NOT_CONFIGURED, and as SmsGate, Compose() and MessageQueue::Submit().
  absl::StatusOr<Message> Submit(const Draft& draft, const Kind& kind, const std::string& chosen_id,
                                 const std::string& language);

 private:
  MessageQueue& queue_;
  Templates& templates_;
  const Actions& actions_;
  PreferenceStore& preferences_;
  const SmsGate* const sms_;
};

}  // namespace gatehouse::notification
