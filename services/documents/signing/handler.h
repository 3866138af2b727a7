#pragma once

#include "gatehouse/documents/v1/passkey_signatures.pb.h"
#include "gatehouse/documents/v1/seals.pb.h"
#include "gatehouse/documents/v1/signing.pb.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"
#include "services/documents/downloads/handler.h"
#include "services/documents/signing/domain/signatures.h"

namespace gatehouse::documents {

// Documents that are signed: what staff do.
class SignaturesHandler {
 public:
  SignaturesHandler(Signatures& signatures, SignatureStore& store, Once& once)
      : signatures_(signatures), store_(store), once_(once) {}

  absl::StatusOr<pb::SignatureRequest> CreateSignatureRequest(
      const Call& call, const pb::CreateSignatureRequestRequest& request);
  absl::StatusOr<pb::ListSignatureRequestsResponse> ListSignatureRequests(
      const Call& call, const pb::ListSignatureRequestsRequest& request);
  absl::StatusOr<pb::SignatureRequest> GetSignatureRequest(
      const Call& call, const pb::GetSignatureRequestRequest& request);
  absl::StatusOr<pb::SignatureRequest> VoidSignatureRequest(
      const Call& call, const pb::VoidSignatureRequestRequest& request);
  absl::StatusOr<pb::SignatureRequest> CountersignSignatureRequest(
      const Call& call, const pb::CountersignSignatureRequestRequest& request);
  absl::StatusOr<pb::SignatureRequest> AcceptSignedCopy(const Call& call,
                                                        const pb::AcceptSignedCopyRequest& request);
  absl::StatusOr<pb::SignatureRequest> ReturnSignedCopy(const Call& call,
                                                        const pb::ReturnSignedCopyRequest& request);

 private:
  Signatures& signatures_;
  SignatureStore& store_;
  Once& once_;
};

// The same: what a signer does.
class PortalSignaturesHandler {
 public:
  PortalSignaturesHandler(Signatures& signatures, SignatureStore& store, DocumentStore& documents,
                          BlobStore& blobs)
      : signatures_(signatures), store_(store), documents_(documents), blobs_(blobs) {}

  absl::StatusOr<pb::ListSignatureRequestsResponse> ListPortalSignatureRequests(
      const Call& call, const pb::ListSignatureRequestsRequest& request);
  DownloadsHandler::Sends DownloadPortalSignatureDocument(
      const Call& call, const pb::DownloadPortalSignatureDocumentRequest& request);
  absl::StatusOr<pb::StartPortalSignatureResponse> StartPortalSignature(
      const Call& call, const pb::StartPortalSignatureRequest& request);
  absl::StatusOr<pb::SignatureRequest> SignPortalSignatureRequest(
      const Call& call, const pb::SignPortalSignatureRequestRequest& request);
  absl::StatusOr<pb::SignatureRequest> DeclinePortalSignatureRequest(
      const Call& call, const pb::DeclinePortalSignatureRequestRequest& request);
  absl::StatusOr<pb::SignatureRequest> SubmitPortalSignedCopy(
      const Call& call, const pb::SubmitPortalSignedCopyRequest& request);

 private:
  Signatures& signatures_;
  SignatureStore& store_;
  DocumentStore& documents_;
  BlobStore& blobs_;
};

// The same: how a signer signs with a passkey.
class PasskeySignaturesHandler {
 public:
  explicit PasskeySignaturesHandler(Signatures& signatures) : signatures_(signatures) {}

  absl::StatusOr<identity::v1::PasskeyChallenge> StartPortalPasskeySignature(
      const Call& call, const pb::StartPortalPasskeySignatureRequest& request);
  absl::StatusOr<pb::SignatureRequest> SignPortalSignatureRequestByPasskey(
      const Call& call, const pb::SignPortalSignatureRequestByPasskeyRequest& request);

 private:
  Signatures& signatures_;
};

// Whether a file was sealed here, for whoever has it.
class SealsHandler {
 public:
  explicit SealsHandler(SignatureStore& store) : store_(store) {}
  absl::StatusOr<pb::Seal> VerifySeal(const Call& call, const pb::VerifySealRequest& request);

 private:
  SignatureStore& store_;
};

}  // namespace gatehouse::documents
