#pragma once

#include "services/common/jobs/outbox.h"
#include "services/documents/uploads/domain/document.h"

namespace gatehouse::documents {

// What other services are told when a document is kept, in the transaction that keeps it.
class Effects {
 public:
  explicit Effects(Outbox& outbox) : outbox_(outbox) {}

  // Once that is committed it waits a moment, so that what the caller reads next already shows it.
  void Kept(Transaction& transaction, const Document& document);
  // Malware was found in it, by who holds the case's row of usage.
  void Infected(Transaction& transaction, const Document& document);

 private:
  Outbox& outbox_;
};

}  // namespace gatehouse::documents
