#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/page.h"
#include "services/documents/uploads/domain/document.h"
#include "services/documents/uploads/domain/quota.h"

namespace gatehouse::documents {

// An id under which bytes may lie in the blob store without a document.
struct LooseBlob {
  std::string organisation_id, document_id;
};

// What was found out about a document's harmlessness.
struct Verdict {
  Scan scan = Scan::kUnscanned;
  std::string finding;  // What was found, or why it is not known, in the scanner's words.
};

// Which of a case's documents: those of a request, or in a folder; and of these the ones in which
// each of the words is (search.h).
struct DocumentFilter {
  std::string document_request_id, folder;
  std::vector<std::string> words;
};

// What is known of documents. Every method but those of the collector is about one organisation's
// rows; `access` is a client's, which sees what MaySee() says, or null for staff.
class DocumentStore {
 public:
  virtual ~DocumentStore() = default;

  // What counts for a contact's next upload; of staff's without a contact.
  virtual absl::StatusOr<Usages> Used(const std::string& organisation_id,
                                      const std::string& case_id,
                                      const std::string& contact_id) = 0;

  // Notes, durably, that bytes may come to lie under this id: until Add() or Forget().
  virtual absl::Status NoteLoose(const LooseBlob& blob) = 0;
  // Keeps the document in the place of the one that it replaces (as Remove), counts it, tells of it
  // and has the request that it answers wait for review,
  // or none of these. Refuses as CheckQuotas(), as Answered(), and NOT_FOUND where the request is
  // gone. Aborted where nothing was noted: the bytes may be gone.
  virtual absl::StatusOr<Document> Add(const Document& document, const Quotas& quotas) = 0;
  using Step = std::function<absl::StatusOr<Document>(Document)>;
  // Changes a document's label, folder and sharing, in one transaction, and tells of a sharing that
  // is its first, of which whoever may read it is told by `look_time`. Refuses NOT_FOUND.
  virtual absl::StatusOr<Document> Change(const std::string& organisation_id,
                                          const std::string& case_id,
                                          const std::string& document_id, const Step& step,
                                          absl::Time look_time) = 0;
  // Deletes it and leaves its bytes to the collector, until which it counts, unless `check`
  // refuses. A request that it alone answered waits again. Refuses NOT_FOUND, and DOCUMENT_FINAL
  // where its request has been accepted.
  using Check = std::function<absl::Status(const Document&)>;
  virtual absl::Status Remove(const std::string& organisation_id, const std::string& case_id,
                              const CaseAccess* access, const std::string& document_id,
                              const Check& check) = 0;
  // What was shared after then, by time, 1,000 at most.
  virtual absl::StatusOr<std::vector<Document>> ListShared(const std::string& organisation_id,
                                                           const std::string& case_id,
                                                           absl::Time after) = 0;
  // What the scanner says of a document that waits for that, told where it is infected; of one that
  // was clean, that it is infected. Harmless for any other, or one that is gone.
  virtual absl::Status SetScan(const std::string& organisation_id, const std::string& case_id,
                               const std::string& document_id, const Verdict& verdict) = 0;
  // No bytes lie under this id any more, and none of it counts.
  virtual absl::Status Forget(const LooseBlob& blob) = 0;
  // Up to `max` of all organisations that were noted before then, oldest first.
  virtual absl::StatusOr<std::vector<LooseBlob>> ListLoose(absl::Time before, int max) = 0;

  // Refuses NOT_FOUND.
  virtual absl::StatusOr<Document> Get(const std::string& organisation_id,
                                       const std::string& case_id, const CaseAccess* access,
                                       const std::string& document_id) = 0;
  // Newest first; only those that the filter says, unless it says nothing. Words cost a look at
  // each document of the case, at most.
  virtual absl::StatusOr<std::vector<Document>> List(const std::string& organisation_id,
                                                     const std::string& case_id,
                                                     const CaseAccess* access,
                                                     const DocumentFilter& filter,
                                                     const Page& page) = 0;
  // The oldest answers to each of these requests, `each` of it at most, oldest first.
  virtual absl::StatusOr<std::vector<Document>> ListAnswers(
      const std::string& organisation_id, const std::string& case_id, const CaseAccess* access,
      const std::vector<std::string>& document_request_ids, int each) = 0;
  // The labels of a case's documents, each once.
  virtual absl::StatusOr<std::vector<std::string>> ListLabels(const std::string& organisation_id,
                                                              const std::string& case_id) = 0;
};

}  // namespace gatehouse::documents
