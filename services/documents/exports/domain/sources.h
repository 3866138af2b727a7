#pragma once

#include <string>

namespace gatehouse::documents {

// An export asks the services one by one, each until it has no more.
enum class ExportSource {
  kIdentify,  // Who the contact is: invitation and cases.
  kCases,
  kInvitation,
  kIdentity,
  kNotification,
  kDocuments,
  kDone
};

inline ExportSource After(ExportSource source) {
  return source == ExportSource::kDone ? source
                                       : static_cast<ExportSource>(static_cast<int>(source) + 1);
}
// The service that is asked, by its name; empty: none, it is done.
std::string ServiceOf(ExportSource source);

}  // namespace gatehouse::documents
