#include "services/common/base/page.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"

namespace gatehouse {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr size_t kListBytes = 6;

// The request without its place in the list, in so many bytes.
std::string ListOf(const Message& request) {
  const std::unique_ptr<Message> filters(request.New());
  filters->CopyFrom(request);
  for (const char* name : {"page_size", "page_token"}) {
    const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName(name);
    filters->GetReflection()->ClearField(filters.get(), field);
  }
  return Sha256(absl::StrCat(request.GetTypeName(), "\n", filters->SerializeAsString()))
      .substr(0, kListBytes);
}

bool IsPrintable(const std::string& key) {
  return std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

absl::StatusOr<Page> Read(const Message& request, int size_by_default, std::string list) {
  const auto* type = request.GetDescriptor();
  const auto& in = *request.GetReflection();
  const int size = in.GetInt32(request, type->FindFieldByName("page_size"));
  const std::string token = in.GetString(request, type->FindFieldByName("page_token"));
  Page page{size > 0 ? size : size_by_default, "", std::move(list)};
  if (token.empty()) return page;
  const auto read = FromBase64Url(token);
  if (!read.ok() || !absl::StartsWith(*read, page.list) ||
      !IsPrintable(read->substr(page.list.size()))) {
    return Refuse(common::v1::PAGE_TOKEN_INVALID, "the page token is not one that this list gave");
  }
  page.after = read->substr(page.list.size());
  return page;
}

}  // namespace

std::string Page::Below(absl::string_view prefix) const {
  if (!after.empty()) return after;
  std::string above(prefix);
  ++above.back();
  return above;
}

absl::StatusOr<int64_t> Page::Below() const {
  int64_t number = std::numeric_limits<int64_t>::max();
  if (after.empty() || absl::SimpleAtoi(after, &number)) return number;
  return Refuse(common::v1::PAGE_TOKEN_INVALID, "the page token is not one that this list gave");
}

std::string Page::TokenAfter(const std::string& key) const { return Base64Url(list + key); }

absl::StatusOr<Page> PageOf(const Message& request, int size_by_default) {
  return Read(request, size_by_default, ListOf(request));
}

absl::StatusOr<Page> CursorOf(const Message& request, int size_by_default) {
  return Read(request, size_by_default, "");
}

}  // namespace gatehouse
