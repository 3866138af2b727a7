#include "services/documents/settings/stored_rules.h"

#include "absl/strings/str_cat.h"
#include "services/common/base/status.h"
#include "services/documents/uploads/domain/content_type.h"

namespace gatehouse::documents {
namespace {

Usage QuotaOf(const v1::Quota& quota) { return {quota.max_documents(), quota.max_bytes()}; }

}  // namespace

DocumentRules RulesOf(const v1::Settings& settings) {
  DocumentRules rules = {.max_document_bytes = settings.max_document_bytes(),
                         .quotas = {.organisation = QuotaOf(settings.organisation_quota()),
                                    .of_case = QuotaOf(settings.case_quota()),
                                    .contact = QuotaOf(settings.contact_quota())},
                         .max_document_requests = settings.max_document_requests()};
  const auto& days = settings.reminder_days_before();
  rules.reminders = {.days_before = {days.begin(), days.end()},
                     .overdue_interval_days = settings.overdue_reminder_interval_days(),
                     .overdue_times = settings.max_overdue_reminders()};
  rules.unscanned_downloads = settings.unscanned_downloads();
  rules.passkey_signatures = settings.passkey_signatures();
  for (const std::string& type : settings.allowed_content_types()) {
    rules.allowed_types.push_back(CanonicalType(type));
  }
  return rules;
}

absl::Status CheckSettings(const v1::Settings& settings) {
  for (int i = 0; i < settings.allowed_content_types_size(); ++i) {
    if (IsDangerousType(CanonicalType(settings.allowed_content_types(i)))) {
      return RefuseField(absl::StrCat("settings.allowed_content_types[", i, "]"),
                         "must not be one that a browser or a system would run");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<DocumentRules> StoredRules::Get(const std::string& organisation_id) {
  ASSIGN_OR_RETURN(const v1::Settings settings, settings_.Get(organisation_id, ""));
  return RulesOf(settings);
}

}  // namespace gatehouse::documents
