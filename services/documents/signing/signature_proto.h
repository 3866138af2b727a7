#pragma once

#include "gatehouse/documents/v1/signing.pb.h"
#include "services/documents/signing/domain/signature_request.h"

namespace gatehouse::documents {

namespace pb = v1;

pb::SignatureRequest ToProto(const SignatureRequest& request);
pb::SignatureEvent ToProto(const SignatureEvent& event);
// As this signer sees it: of the others their names and states alone.
pb::SignatureRequest ToProtoFor(const SignatureRequest& request, const std::string& contact_id);

}  // namespace gatehouse::documents
