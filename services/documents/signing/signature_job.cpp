#include "services/documents/signing/signature_job.h"

#include "absl/strings/str_split.h"

namespace gatehouse::documents {

Jobs::Work SignatureWork(Signatures& signatures) {
  return [&signatures](const Job& job, Jobs::Done done) {
    const std::pair<std::string, std::string> ids =
        absl::StrSplit(job.payload, absl::MaxSplits('\n', 1));
    done(signatures.Look({job.organisation_id, ids.first, ids.second}));
  };
}

}  // namespace gatehouse::documents
