#pragma once

#include "services/common/jobs/outbox.h"
#include "services/documents/uploads/domain/document.h"

namespace gatehouse::documents {

// What other services are told when a document is kept, in the transaction that keeps it.
class Effects {
 public:
  explicit Effects(Outbox& outbox, bool makes_previews = false)
      : outbox_(outbox), makes_previews_(makes_previews) {}
  bool makes_previews() const { return makes_previews_; }

  // Once that is committed it waits a moment, so that what the caller reads next already shows it.
  void Kept(Transaction& transaction, const Document& document);
  // Each by who holds the case's row of usage.
  void Deleted(Transaction& transaction, const Document& document,
               const std::string& replaced_by_document_id);
  void Shared(Transaction& transaction, const Document& document);
  // A job that looks then whom to tell of it.
  void LookAt(Transaction& transaction, const Document& document, absl::Time time);
  // A job that makes its preview, or finds that there is none.
  void PreviewLater(Transaction& transaction, const std::string& organisation_id,
                    const std::string& case_id, const std::string& document_id);
  // Malware was found in it, by who holds the case's row of usage.
  void Infected(Transaction& transaction, const Document& document);

 private:
  Outbox& outbox_;
  const bool makes_previews_;
};

}  // namespace gatehouse::documents
