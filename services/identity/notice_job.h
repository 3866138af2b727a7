#pragma once

#include "services/common/jobs/jobs.h"
#include "services/common/rpc/client.h"
#include "services/identity/domain/factor.h"
#include "services/identity/passwords/domain/password_store.h"

namespace gatehouse::identity {

// The lane of jobs that tell clients of a change of what they sign in with.
constexpr char kNoticeLane[] = "notice";

enum class NoticeKind {
  kPasswordCreated,
  kPasswordChanged,
  kRecoveryCodesMade,
  kRecoveryCodeUsed,
  kPasskeyAdded,
  kPasskeyRemoved,
  kFactorsReset
};

// Who is told of what, in whose name. Without a number: by e-mail alone; a first password is made
// by who reads the e-mails, and is told by SMS alone. Recovery codes are made by who has no number
// at hand here: the SMS goes to the one that the subject's case has.
struct FactorNotice {
  NoticeKind kind;
  Subject subject;
  std::string organisation_name;
};

Job NoticeJob(const FactorNotice& notice);

// What works on the lane: an e-mail, and an SMS where one can be sent.
Jobs::Work NoticeWork(Client& notification);

// Mails reset links.
class NotificationResetMailer : public ResetMailer {
 public:
  explicit NotificationResetMailer(Client& notification) : notification_(notification) {}
  absl::Status Mail(const Subject& subject, const std::string& organisation_name,
                    const Secret& link) override;

 private:
  Client& notification_;
};

}  // namespace gatehouse::identity
