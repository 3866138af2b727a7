#pragma once

#include "gatehouse/documents/v1/documents.pb.h"
#include "services/common/settings/settings.h"
#include "services/documents/settings/domain/document_rules.h"

namespace gatehouse::documents {

// The rules that a settings document says.
DocumentRules RulesOf(const v1::Settings& settings);

// OK if the types are types, and none is dangerous. Refuses INVALID_REQUEST.
absl::Status CheckSettings(const v1::Settings& settings);

// The rules as organisations have set them.
class StoredRules : public RulesStore {
 public:
  explicit StoredRules(const gatehouse::Settings<v1::Settings>& settings) : settings_(settings) {}
  absl::StatusOr<DocumentRules> Get(const std::string& organisation_id) override;

 private:
  const gatehouse::Settings<v1::Settings>& settings_;
};

}  // namespace gatehouse::documents
