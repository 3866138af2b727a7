#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/base/page.h"

namespace gatehouse::documents {

// What an organisation asks for in cases of a kind.
struct RequestTemplate {
  struct Item {
    std::string title, label;
    int due_days = 0;  // After the asking; 0: no matter when.
  };
  std::string organisation_id, template_id, display_name;
  std::string case_kind;  // Empty: of any.
  std::vector<Item> items;
};

constexpr int kTemplatesMax = 200;  // Of an organisation.

// Templates; each method is about one organisation's.
class TemplateStore {
 public:
  virtual ~TemplateStore() = default;
  // Refuses DOCUMENT_REQUEST_TEMPLATE_LIMIT_REACHED for one more than kTemplatesMax.
  virtual absl::Status Put(const RequestTemplate& put) = 0;
  // Refuses NOT_FOUND.
  virtual absl::StatusOr<RequestTemplate> Get(const std::string& organisation_id,
                                              const std::string& template_id) = 0;
  // By their ids; those of a kind with those of any, unless that is empty.
  virtual absl::StatusOr<std::vector<RequestTemplate>> List(const std::string& organisation_id,
                                                            const std::string& case_kind,
                                                            const Page& page) = 0;
  // Refuses NOT_FOUND.
  virtual absl::Status Remove(const std::string& organisation_id,
                              const std::string& template_id) = 0;
};

}  // namespace gatehouse::documents
