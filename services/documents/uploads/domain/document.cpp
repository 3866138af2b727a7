#include "services/documents/uploads/domain/document.h"

namespace gatehouse::documents {

std::string FolderOf(const Document& document) {
  return document.from_client ? "Client-Documents" : "Documents";
}

bool MaySee(const CaseAccess& access, const Document& document) {
  if (!document.from_client || document.case_id != access.case_id) return false;
  return access.visibility == Visibility::kAll || document.uploader_id == access.contact_id;
}

}  // namespace gatehouse::documents
