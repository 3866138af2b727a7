#include "services/documents/uploads/domain/search.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/common/text/normal_form.h"

namespace gatehouse::documents {

std::string SearchTextOf(const Document& document, const std::string& request_title) {
  return FoldedText(absl::StrCat(document.filename, "\n", document.label, "\n", request_title));
}

std::vector<std::string> WordsOf(const std::string& query) {
  return absl::StrSplit(FoldedText(query), absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
}

}  // namespace gatehouse::documents
