#pragma once

#include <string>
#include <utility>
#include <vector>

#include "services/documents/signing/domain/signature_request.h"

namespace gatehouse::documents {

// A line of a certificate: a label with what stands beside it; without a label a heading.
using CertificateLine = std::pair<std::string, std::string>;

// What the certificate of a signed request says: what was signed, by whom, how each proved itself,
// and all that happened. Times are in UTC.
std::vector<CertificateLine> CertificateOf(const SignatureRequest& request,
                                           const std::vector<SignatureEvent>& events,
                                           const std::string& organisation_name);

}  // namespace gatehouse::documents
