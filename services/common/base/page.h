#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"

namespace gatehouse {

// A page of a list that is read by its key: what comes after `after`. A page token is the last key
// in base64url, opaque to callers.
struct Page {
  int size = 50;
  std::string after;                      // Empty: from the beginning.
  int limit() const { return size + 1; }  // One more tells whether there is a next page.
};

// From a request's `page_size` and `page_token`. Refuses PAGE_TOKEN_INVALID.
template <typename Request>
absl::StatusOr<Page> PageOf(const Request& request, int size_by_default = 50) {
  const auto after = FromBase64Url(request.page_token());
  if (!after.ok() || after->find('\0') != std::string::npos) {
    return Refuse(common::v1::PAGE_TOKEN_INVALID, "the page token is not one that this list gave");
  }
  return Page{request.page_size() > 0 ? request.page_size() : size_by_default, *after};
}

// Cuts the rows to the page's size; the token of the next page, empty on the last.
template <typename Row, typename Key>
std::string CutPage(std::vector<Row>& rows, const Page& page, Key key) {
  if (rows.size() <= static_cast<size_t>(page.size)) return "";
  rows.resize(page.size);
  return Base64Url(key(rows.back()));
}

}  // namespace gatehouse
