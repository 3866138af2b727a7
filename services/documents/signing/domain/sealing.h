#pragma once

#include <string>

#include "services/common/base/clock.h"
#include "services/documents/blobs/domain/blobs.h"
#include "services/documents/requests/domain/organisation_directory.h"
#include "services/documents/signing/domain/sealer.h"
#include "services/documents/signing/domain/signature_store.h"
#include "services/documents/uploads/domain/uploads.h"

namespace gatehouse::documents {

struct SealingPlaces {
  SignatureStore& signatures;
  Uploads& uploads;
  BlobStore& blobs;
  OrganisationDirectory& organisations;
  Sealer& sealer;
  const Clock& clock;
};

// Seals what all have signed: it becomes a document of the case.
class Sealing {
 public:
  explicit Sealing(SealingPlaces places) : places_(places) {}

  // Harmless to repeat, and for what is not to be sealed. What cannot be is noted, by its name.
  absl::Status Seal(const SignatureName& name);

  // Has all sealed that was signed while nothing was set up that seals: how many jobs there are
  // now.
  absl::StatusOr<int> CatchUp();

 private:
  absl::StatusOr<Sealed> Made(const SignatureName& name, const SignatureRequest& request);
  absl::Status Keep(const SignatureName& name, const SignatureRequest& request,
                    const std::string& bytes);

  const SealingPlaces places_;
};

}  // namespace gatehouse::documents
