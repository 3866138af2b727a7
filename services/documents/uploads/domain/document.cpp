#include "services/documents/uploads/domain/document.h"

#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {

std::string FolderOf(const Document& document) {
  if (!document.folder.empty()) return document.folder;
  return document.from_client ? "Client-Documents" : "Documents";
}

bool MaySee(const CaseAccess& access, const Document& document) {
  if (document.case_id != access.case_id) return false;
  const bool all = access.visibility == Visibility::kAll;
  const bool own = document.from_client && (all || document.uploader_id == access.contact_id);
  const bool for_it =
      all || document.shared_contact_id.empty() || document.shared_contact_id == access.contact_id;
  return own || (IsShared(document) && for_it);
}

absl::Status CheckAlterable(const Document& document, const Alterer& by, absl::Time now) {
  const bool own = document.from_client == by.is_client && document.uploader_id == by.id;
  if (own && now - document.create_time < kAlterable) return absl::OkStatus();
  return Refuse(v1::DOCUMENT_FINAL, "only whoever handed it in may change it, within half an hour");
}

}  // namespace gatehouse::documents
