#include "services/common/postgres/value.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace gatehouse {

std::string SqlValue::Text() const {
  if (kind_ == kNumber) return std::string(number_, size_);
  if (kind_ == kBytes) return absl::StrCat("\\x", absl::BytesToHexString({data_, size_}));
  return std::string(data_, size_);
}

}  // namespace gatehouse
