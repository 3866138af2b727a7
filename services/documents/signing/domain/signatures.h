#pragma once

#include <string>
#include <vector>

#include "services/common/base/clock.h"
#include "services/documents/blobs/domain/blobs.h"
#include "services/documents/requests/domain/case_directory.h"
#include "services/documents/requests/domain/organisation_directory.h"
#include "services/documents/settings/domain/document_rules.h"
#include "services/documents/signing/domain/sealer.h"
#include "services/documents/signing/domain/signature_codes.h"
#include "services/documents/signing/domain/signature_store.h"
#include "services/documents/uploads/domain/document_store.h"

namespace gatehouse::documents {

constexpr int kSignatureRequestsMax = 200;  // Of a case.

struct SignaturePlaces {
  SignatureStore& signatures;
  DocumentStore& documents;
  BlobStore& blobs;
  RulesStore& rules;
  CaseDirectory& cases;
  OrganisationDirectory& organisations;
  SignatureCodes& codes;
  const Clock& clock;
  Sealer* sealer = nullptr;  // Null: none is set up, and nothing is placed on pages.
};

// What staff say of a new one.
struct NewSignatureRequest {
  std::string organisation_id, case_id, document_id, title, message, sender_name;
  std::vector<std::string> contact_ids;
  SignatureMethod method = SignatureMethod::kElectronic;
  bool in_order = false, countersign = false;
  int days = kSignatureDays;
  SignatureFields fields;
};

// A client at a signature request: as which contact, by which invitation, from where.
struct SigningClient {
  SignatureName name;
  CaseAccess access;
  Device device;
};
// The same of staff.
struct SigningStaff {
  SignatureName name;
  std::string actor_name;
  Device device;
};

// Documents that are signed. Refusals are those of the RPCs.
class Signatures {
 public:
  explicit Signatures(SignaturePlaces places) : places_(places) {}

  // A new one, checked, its bytes copied, and not there yet. One that never comes to be there
  // leaves bytes to the collector.
  struct Prepared {
    SignatureChange change;
    std::vector<SignatureNotice> notices;
  };
  absl::StatusOr<Prepared> Prepare(const NewSignatureRequest& wanted);
  absl::StatusOr<SignatureRequest> Add(const Prepared& prepared);

  // The request, once it is noted that its bytes were given out.
  absl::StatusOr<SignatureRequest> See(const SigningClient& client);
  struct Started {
    SentCode code;
    std::string masked_mobile;
  };
  absl::StatusOr<Started> Start(const SigningClient& client, const std::string& sha256);
  absl::StatusOr<SignatureRequest> Sign(const SigningClient& client, const TypedCode& typed,
                                        const Autograph& autograph, const FieldValues& values = {});
  // The same with a passkey, at this portal of the organisation's; empty: its first one.
  absl::StatusOr<PasskeyOptions> StartPasskey(const SigningClient& client,
                                              const std::string& sha256,
                                              const std::string& portal_url);
  absl::StatusOr<SignatureRequest> SignByPasskey(const SigningClient& client,
                                                 const PasskeyAnswer& answer,
                                                 const Autograph& autograph,
                                                 const FieldValues& values);
  absl::StatusOr<SignatureRequest> Decline(const SigningClient& client, const std::string& reason);
  absl::StatusOr<SignatureRequest> Submit(const SigningClient& client,
                                          const std::string& document_id);

  absl::StatusOr<SignatureRequest> Accept(const SigningStaff& staff, const std::string& contact_id);
  absl::StatusOr<SignatureRequest> Return(const SigningStaff& staff, const std::string& contact_id,
                                          const std::string& reason);
  absl::StatusOr<SignatureRequest> Countersign(const SigningStaff& staff,
                                               const std::string& typed_name);
  absl::StatusOr<SignatureRequest> Void(const SigningStaff& staff, const std::string& reason);

  // Its time has come, or that of one of its reminders. Harmless to repeat, and to do before.
  absl::Status Look(const SignatureName& name);

 private:
  using Make = std::function<SignatureStep(SignatureRequest, absl::Time now)>;
  absl::StatusOr<SignatureRequest> Change(const SignatureName& name, const Make& make);
  absl::Status Copy(const Document& document, const std::string& signature_request_id);
  absl::StatusOr<SignatureFields> Placed(const NewSignatureRequest& wanted,
                                         const Document& document);
  // Consents, and says who is to prove what.
  absl::StatusOr<CodeSubject> Consent(const SigningClient& client, const std::string& sha256);
  absl::Status CheckPasskeys(const std::string& organisation_id);
  // Signs what may be signed, once `prove` has proven who does.
  using Prove = std::function<absl::StatusOr<SignatureProof>(const std::string& deed_id)>;
  absl::StatusOr<SignatureRequest> SignBy(const SigningClient& client, GivenSignature given,
                                          const Prove& prove);

  const SignaturePlaces places_;
};

}  // namespace gatehouse::documents
