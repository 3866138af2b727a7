#pragma once

#include "services/common/postgres/postgres.h"
#include "services/documents/uploads/domain/document_store.h"
#include "services/documents/uploads/effects.h"

namespace gatehouse::documents {

class PostgresDocuments : public DocumentStore {
 public:
  PostgresDocuments(Postgres& postgres, Effects& effects)
      : postgres_(postgres), effects_(effects) {}

  absl::StatusOr<Usages> Used(const std::string& organisation_id, const std::string& case_id,
                              const std::string& contact_id) override;
  absl::Status NoteLoose(const LooseBlob& blob) override;
  absl::StatusOr<Document> Add(const Document& document, const Quotas& quotas) override;
  absl::StatusOr<Document> Change(const std::string& organisation_id, const std::string& case_id,
                                  const std::string& document_id, const Step& step,
                                  absl::Time look_time) override;
  absl::Status Remove(const std::string& organisation_id, const std::string& case_id,
                      const CaseAccess* access, const std::string& document_id,
                      const Check& check) override;
  absl::StatusOr<std::vector<Document>> ListShared(const std::string& organisation_id,
                                                   const std::string& case_id,
                                                   absl::Time after) override;
  absl::Status SetScan(const std::string& organisation_id, const std::string& case_id,
                       const std::string& document_id, const Verdict& verdict) override;
  absl::Status Forget(const LooseBlob& blob) override;
  absl::StatusOr<std::vector<LooseBlob>> ListLoose(absl::Time before, int max) override;
  absl::StatusOr<Document> Get(const std::string& organisation_id, const std::string& case_id,
                               const CaseAccess* access, const std::string& document_id) override;
  absl::StatusOr<std::vector<Document>> List(const std::string& organisation_id,
                                             const std::string& case_id, const CaseAccess* access,
                                             const DocumentFilter& filter,
                                             const Page& page) override;
  absl::StatusOr<std::vector<Document>> ListAnswers(
      const std::string& organisation_id, const std::string& case_id, const CaseAccess* access,
      const std::vector<std::string>& document_request_ids, int each) override;
  absl::StatusOr<std::vector<std::string>> ListLabels(const std::string& organisation_id,
                                                      const std::string& case_id) override;

 private:
  Postgres& postgres_;
  Effects& effects_;
};

}  // namespace gatehouse::documents
