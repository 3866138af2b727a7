#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/base/page.h"
#include "services/documents/signing/domain/signature_notices.h"
#include "services/documents/signing/domain/signature_request.h"
#include "services/documents/uploads/domain/document.h"

namespace gatehouse::documents {

// Which signature request, of which case.
struct SignatureName {
  std::string organisation_id, case_id, signature_request_id;
};

// How far the signing of documents is, by their ids.
using SignatureStates = std::map<std::string, SignatureState>;

// Signature requests. Every method is about one organisation's rows. `contact_id` is a client's,
// which finds those that it was asked to sign, or empty for staff.
class SignatureStore {
 public:
  virtual ~SignatureStore() = default;

  // A new one, with what follows from it; its bytes lie under its id, noted as loose. Refuses
  // SIGNATURE_REQUEST_LIMIT_REACHED where the case has `max`. Aborted where the bytes may be gone.
  virtual absl::Status Add(const SignatureChange& change,
                           const std::vector<SignatureNotice>& notices, int max) = 0;

  // Changes one, with what follows from it, all or nothing. `step` is asked by who holds it, and
  // may run again. Refuses NOT_FOUND.
  struct Followed {
    SignatureChange change;
    std::vector<SignatureNotice> notices;
  };
  using Step = std::function<absl::StatusOr<Followed>(const SignatureRequest&)>;
  virtual absl::StatusOr<SignatureRequest> Change(const SignatureName& name, const Step& step) = 0;

  // Refuses NOT_FOUND.
  virtual absl::StatusOr<SignatureRequest> Get(const SignatureName& name,
                                               const std::string& contact_id) = 0;
  // Newest first.
  virtual absl::StatusOr<std::vector<SignatureRequest>> List(const std::string& organisation_id,
                                                             const std::string& case_id,
                                                             const std::string& contact_id,
                                                             const Page& page) = 0;
  // What happened to one, in its order: the first 1,000.
  virtual absl::StatusOr<std::vector<SignatureEvent>> Events(const SignatureName& name) = 0;
  // Has each of what was signed electronically sealed by a job, of those that none was asked to:
  // how many, `max` at most. They were signed where nothing was set up that seals.
  virtual absl::StatusOr<int> AskForSeals(int max) = 0;
  // Runs `keep` and notes its document as the sealed one, all or nothing: the document's id.
  // Aborted where another one was noted meanwhile.
  using KeepDocument = std::function<absl::StatusOr<Document>()>;
  virtual absl::StatusOr<std::string> KeepSealed(const SignatureName& name,
                                                 const KeepDocument& keep) = 0;
  // It cannot be sealed, and why.
  virtual absl::Status NoteUnsealed(const SignatureName& name, const std::string& refusal) = 0;
  // The request whose sealed document has this SHA-256, whatever organisation's. Refuses NOT_FOUND.
  virtual absl::StatusOr<SignatureRequest> FindSealed(const std::string& sha256) = 0;
  // Of those of these documents that were sent for signing.
  virtual absl::StatusOr<SignatureStates> StatesOf(
      const std::string& organisation_id, const std::string& contact_id,
      const std::vector<std::string>& document_ids) = 0;
};

}  // namespace gatehouse::documents
