#pragma once

#include <string>
#include <vector>

#include "services/common/jobs/outbox.h"
#include "services/documents/signing/domain/signature_notices.h"
#include "services/documents/signing/domain/signature_store.h"

namespace gatehouse::documents {

// What follows from changes of signature requests, in their transactions: events for the CRM, notes
// on the case, what signers are told.
class SignatureEffects {
 public:
  // `seals`: whether what is signed is sealed here, by a job.
  explicit SignatureEffects(Outbox& outbox, bool seals = false) : outbox_(outbox), seals_(seals) {}

  bool seals() const { return seals_; }

  void Follow(Transaction& transaction, const SignatureChange& change,
              const std::vector<SignatureNotice>& notices);
  // A job that has what was signed sealed.
  void SealLater(Transaction& transaction, const SignatureName& name);
  // The sealed document is there.
  void Sealed(Transaction& transaction, const SignatureName& name, const std::string& document_id,
              const std::string& sealed_document_id);
  // A job that looks at it at its `next_look`, if ever.
  void LookAt(Transaction& transaction, const SignatureRequest& request);

 private:
  Outbox& outbox_;
  const bool seals_;
};

}  // namespace gatehouse::documents
