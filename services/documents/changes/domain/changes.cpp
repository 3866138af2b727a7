#include "services/documents/changes/domain/changes.h"

#include "services/common/base/status.h"
#include "services/documents/requests/domain/reminders.h"

namespace gatehouse::documents {

absl::StatusOr<Document> Changes::Update(const DocumentName& name,
                                         const std::optional<std::string>& label,
                                         const std::optional<std::string>& folder) {
  const auto step = [&](Document document) -> absl::StatusOr<Document> {
    document.label = label.value_or(document.label);
    document.folder = folder.value_or(document.folder);
    return document;
  };
  return documents_.Change(name.organisation_id, name.case_id, name.document_id, step,
                           absl::InfiniteFuture());
}

absl::StatusOr<Document> Changes::Share(const DocumentName& name, const std::string& contact_id) {
  RETURN_IF_ERROR(cases_.Check(name.organisation_id, name.case_id, contact_id));
  ASSIGN_OR_RETURN(const OrganisationProfile profile, organisations_.LookUp(name.organisation_id));
  const absl::Time now = clock_.Now();
  const auto step = [&](Document document) -> absl::StatusOr<Document> {
    if (!IsShared(document)) document.share_time = now;
    document.shared_contact_id = contact_id;
    return document;
  };
  return documents_.Change(name.organisation_id, name.case_id, name.document_id, step,
                           ByDay(now + kGather, profile.time_zone));
}

absl::StatusOr<Document> Changes::Unshare(const DocumentName& name) {
  const auto step = [&](Document document) -> absl::StatusOr<Document> {
    document.share_time = absl::InfiniteFuture();
    document.shared_contact_id.clear();
    return document;
  };
  return documents_.Change(name.organisation_id, name.case_id, name.document_id, step,
                           absl::InfiniteFuture());
}

absl::Status Changes::Remove(const DocumentName& name, const CaseAccess* access,
                             const Alterer& by) {
  const absl::Time now = clock_.Now();
  return documents_.Remove(
      name.organisation_id, name.case_id, access, name.document_id,
      [&](const Document& document) { return CheckAlterable(document, by, now); });
}

}  // namespace gatehouse::documents
