#pragma once

#include "services/common/postgres/postgres.h"
#include "services/documents/signing/domain/signature_store.h"
#include "services/documents/signing/effects.h"

namespace gatehouse::documents {

class PostgresSignatures : public SignatureStore {
 public:
  PostgresSignatures(Postgres& postgres, SignatureEffects& effects)
      : postgres_(postgres), effects_(effects) {}

  absl::Status Add(const SignatureChange& change, const std::vector<SignatureNotice>& notices,
                   int max) override;
  absl::StatusOr<SignatureRequest> Change(const SignatureName& name, const Step& step) override;
  absl::StatusOr<SignatureRequest> Get(const SignatureName& name,
                                       const std::string& contact_id) override;
  absl::StatusOr<std::vector<SignatureRequest>> List(const std::string& organisation_id,
                                                     const std::string& case_id,
                                                     const std::string& contact_id,
                                                     const Page& page) override;
  absl::StatusOr<std::vector<SignatureEvent>> Events(const SignatureName& name) override;
  absl::StatusOr<int> AskForSeals(int max) override;
  absl::StatusOr<std::string> KeepSealed(const SignatureName& name,
                                         const KeepDocument& keep) override;
  absl::Status NoteUnsealed(const SignatureName& name, const std::string& refusal) override;
  absl::StatusOr<SignatureRequest> FindSealed(const std::string& sha256) override;
  absl::StatusOr<SignatureStates> StatesOf(const std::string& organisation_id,
                                           const std::string& contact_id,
                                           const std::vector<std::string>& document_ids) override;

 private:
  void AskForSeal(Transaction& tx, const SignatureRequest& request);

  Postgres& postgres_;
  SignatureEffects& effects_;
};

}  // namespace gatehouse::documents
