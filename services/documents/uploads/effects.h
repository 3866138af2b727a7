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
  // Each by who holds the case's row of usage.
  void Deleted(Transaction& transaction, const Document& document,
               const std::string& replaced_by_document_id);
  void Shared(Transaction& transaction, const Document& document);
  // A job that looks then whom to tell of it.
  void LookAt(Transaction& transaction, const Document& document, absl::Time time);
  // Malware was found in it, by who holds the case's row of usage.
  void Infected(Transaction& transaction, const Document& document);

 private:
  Outbox& outbox_;
};

}  // namespace gatehouse::documents
