#pragma once

#include "services/common/jobs/jobs.h"
#include "services/documents/signing/domain/signatures.h"

namespace gatehouse::documents {

// The lane of jobs that look at a signature request when a signer may have to be reminded, or its
// time is over.
constexpr char kSignatureLane[] = "signatures";

// What works on the lane; a job's payload is the case's id and the request's, on two lines.
Jobs::Work SignatureWork(Signatures& signatures);

}  // namespace gatehouse::documents
