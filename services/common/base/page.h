#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/common/base/status.h"

namespace gatehouse {

// A page of a list that is read by its key: what comes after `after`.
//
// A list is ordered by a key that its rows keep for life (an id, a number, the time of their
// making), so that whatever changes between two pages is neither missed nor shown twice; what is
// made or deleted meanwhile may be seen or not. Its query has the key's bound as a plain comparison
// (`id < $2`, never `$2 = '' OR`), so that every page, however deep, begins in the index.
//
// A page token is the key of the last row in base64url, opaque to callers, and bound to its list:
// to the type of the request and to its filters. A key is printable ASCII: what an id is made of.
struct Page {
  int size = 50;
  std::string after;                      // Empty: from the beginning.
  std::string list;                       // What its tokens are bound to; empty: to nothing.
  int limit() const { return size + 1; }  // One more tells whether there is a next page.

  // Where a list of ids of NewId(prefix), newest first, goes on: below this id. On the first page
  // it is above all of them, in any collation.
  std::string Below(absl::string_view prefix) const;
  // The same of numbers, from 1 on.
  absl::StatusOr<int64_t> Below() const;

  // The token of what comes after this key.
  std::string TokenAfter(const std::string& key) const;
};

// From a request's `page_size` and `page_token`; its other fields are the filters. Refuses
// PAGE_TOKEN_INVALID, also for a token that another list gave, or this one under other filters.
absl::StatusOr<Page> PageOf(const google::protobuf::Message& request, int size_by_default = 50);

// The same of a feed, whose tokens a reader keeps for long, also while its filters change: they are
// bound to nothing.
absl::StatusOr<Page> CursorOf(const google::protobuf::Message& request, int size_by_default);

// Cuts the rows to the page's size; the token of the next page, empty on the last.
template <typename Row, typename Key>
std::string CutPage(std::vector<Row>& rows, const Page& page, Key key) {
  if (rows.size() <= static_cast<size_t>(page.size)) return "";
  rows.resize(page.size);
  return page.TokenAfter(key(rows.back()));
}

}  // namespace gatehouse
