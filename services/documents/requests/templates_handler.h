#pragma once

#include "gatehouse/documents/v1/requests.pb.h"
#include "services/common/rpc/server.h"
#include "services/documents/requests/domain/request_template.h"

namespace gatehouse::documents {

namespace pb = v1;

// Templates of document requests.
class TemplatesHandler {
 public:
  explicit TemplatesHandler(TemplateStore& store) : store_(store) {}

  absl::StatusOr<pb::DocumentRequestTemplate> PutDocumentRequestTemplate(
      const Call& call, const pb::PutDocumentRequestTemplateRequest& request);
  absl::StatusOr<pb::ListDocumentRequestTemplatesResponse> ListDocumentRequestTemplates(
      const Call& call, const pb::ListDocumentRequestTemplatesRequest& request);
  absl::StatusOr<pb::DeleteDocumentRequestTemplateResponse> DeleteDocumentRequestTemplate(
      const Call& call, const pb::DeleteDocumentRequestTemplateRequest& request);

 private:
  TemplateStore& store_;
};

}  // namespace gatehouse::documents
