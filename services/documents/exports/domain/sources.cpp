#include "services/documents/exports/domain/sources.h"

namespace gatehouse::documents {

std::string ServiceOf(ExportSource source) {
  switch (source) {
    case ExportSource::kIdentify:
    case ExportSource::kCases:
      return "cases";
    case ExportSource::kInvitation:
      return "invitation";
    case ExportSource::kIdentity:
      return "identity";
    case ExportSource::kNotification:
      return "notification";
    case ExportSource::kDocuments:
      return "documents";
    case ExportSource::kDone:
      return "";
  }
  return "";
}

}  // namespace gatehouse::documents
