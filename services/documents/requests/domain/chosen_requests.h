#pragma once

#include <optional>

#include "services/documents/requests/domain/choices.h"
#include "services/documents/requests/domain/request_store.h"

namespace gatehouse::documents {

// A store whose clients see by what their invitations chose, which is asked for where it matters.
class ChosenRequests : public RequestStore {
 public:
  ChosenRequests(RequestStore& store, Choices& choices) : store_(store), choices_(choices) {}

  absl::StatusOr<std::vector<DocumentRequest>> Add(std::vector<DocumentRequest> requests, int max,
                                                   absl::Time look_time) override;
  absl::StatusOr<DocumentRequest> Get(const std::string& organisation_id,
                                      const std::string& case_id, const CaseAccess* access,
                                      const std::string& document_request_id) override;
  absl::StatusOr<std::vector<DocumentRequest>> List(const std::string& organisation_id,
                                                    const std::string& case_id,
                                                    const CaseAccess* access,
                                                    const Page& page) override;
  absl::StatusOr<std::vector<std::string>> ListIds(const std::string& organisation_id,
                                                   const std::string& case_id) override;
  absl::StatusOr<std::vector<DocumentRequest>> ListOpen(const std::string& organisation_id,
                                                        const std::string& case_id,
                                                        int max) override;
  absl::StatusOr<DocumentRequest> Change(const std::string& organisation_id,
                                         const std::string& case_id,
                                         const std::string& document_request_id, const Step& step,
                                         absl::Time look_time) override;
  absl::Status Remove(const std::string& organisation_id, const std::string& case_id,
                      const std::string& document_request_id) override;

 private:
  // The access with what was chosen; null: staff's.
  absl::StatusOr<std::optional<CaseAccess>> Complete(const std::string& organisation_id,
                                                     const CaseAccess* access);

  RequestStore& store_;
  Choices& choices_;
};

}  // namespace gatehouse::documents
