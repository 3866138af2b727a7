#include "services/gateway/http/entity_tag.h"

#include "absl/strings/match.h"

namespace gatehouse::gateway {
namespace {

void SkipSpace(std::string_view& text) {
  while (!text.empty() && (text[0] == ' ' || text[0] == '\t')) text.remove_prefix(1);
}

void SkipWeakness(std::string_view& text) {
  if (text.substr(0, 2) == "W/") text.remove_prefix(2);
}

}  // namespace

bool NamesTag(std::string_view list, std::string_view tag) {
  SkipWeakness(tag);
  SkipSpace(list);
  if (list.substr(0, 1) == "*") {
    list.remove_prefix(1);
    SkipSpace(list);
    return list.empty();
  }
  while (!list.empty()) {
    if (list[0] == ',') {
      list.remove_prefix(1);
      SkipSpace(list);
      continue;
    }
    SkipWeakness(list);
    const size_t end = list.substr(0, 1) == "\"" ? list.find('"', 1) : std::string_view::npos;
    if (end == std::string_view::npos) return false;
    if (list.substr(0, end + 1) == tag) return true;
    list.remove_prefix(end + 1);
    SkipSpace(list);
    if (!list.empty() && list[0] != ',') return false;
  }
  return false;
}

bool IsOneRange(std::string_view range) {
  return absl::StartsWithIgnoreCase({range.data(), range.size()}, "bytes=") &&
         range.find(',') == std::string_view::npos;
}

}  // namespace gatehouse::gateway
