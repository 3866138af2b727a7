#pragma once

#include <vector>

#include "services/common/jobs/outbox.h"
#include "services/documents/requests/domain/document_request.h"
#include "services/documents/requests/domain/reminding.h"

namespace gatehouse::documents {

// What follows from changes of requests, in their transactions.
class RequestEffects {
 public:
  explicit RequestEffects(Outbox& outbox) : outbox_(outbox) {}

  // Tells of its new state, where somebody said it rather than handed something in.
  void Changed(Transaction& transaction, const DocumentRequest& request);
  void Send(Transaction& transaction, const std::string& organisation_id,
            const std::string& case_id, const std::vector<ReminderMail>& mails);
  // A job that looks at the case then.
  void LookAt(Transaction& transaction, const std::string& organisation_id,
              const std::string& case_id, absl::Time time);

 private:
  Outbox& outbox_;
};

}  // namespace gatehouse::documents
