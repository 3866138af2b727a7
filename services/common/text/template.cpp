#include "services/common/text/template.h"

#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse {
namespace {

constexpr size_t kNameMax = 40;

absl::Status UnknownTag(const std::string& name) {
  return WithFact(Refuse(common::v1::UNKNOWN_TAG, "the text has a tag that is not known here"),
                  "tag", name);
}

bool IsName(const std::string& name) {
  return !name.empty() && name.size() <= kNameMax &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
}

// Calls `plain` and `tag` for what the text consists of, in order.
absl::Status Walk(const std::string& text, const std::function<void(const std::string&)>& plain,
                  const std::function<absl::Status(const std::string&)>& tag) {
  size_t position = 0;
  while (true) {
    const size_t open = text.find("{{", position);
    plain(text.substr(position, open - position));
    if (open == std::string::npos) return absl::OkStatus();
    const size_t close = text.find("}}", open);
    if (close == std::string::npos) return UnknownTag("{{");
    const std::string name(absl::StripAsciiWhitespace(text.substr(open + 2, close - open - 2)));
    if (!IsName(name)) return UnknownTag("{{");
    RETURN_IF_ERROR(tag(name));
    position = close + 2;
  }
}

}  // namespace

absl::StatusOr<std::set<std::string>> TagsOf(const std::string& text) {
  std::set<std::string> tags;
  RETURN_IF_ERROR(Walk(
      text, [](const std::string&) {},
      [&](const std::string& name) {
        tags.insert(name);
        return absl::OkStatus();
      }));
  return tags;
}

absl::Status CheckTags(const std::string& text, const std::set<std::string>& known,
                       const std::set<std::string>& required) {
  ASSIGN_OR_RETURN(const std::set<std::string> tags, TagsOf(text));
  for (const std::string& tag : tags) {
    if (known.count(tag) == 0) return UnknownTag(tag);
  }
  for (const std::string& tag : required) {
    if (tags.count(tag) != 0) continue;
    return WithFact(
        Refuse(common::v1::TAG_MISSING, absl::StrCat("the text must have the tag {{", tag, "}}")),
        "tag", tag);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Expand(const std::string& text,
                                   const std::map<std::string, std::string>& values) {
  std::string expanded;
  RETURN_IF_ERROR(Walk(
      text, [&](const std::string& plain) { expanded += plain; },
      [&](const std::string& name) {
        const auto value = values.find(name);
        if (value == values.end()) return UnknownTag(name);
        expanded += value->second;
        return absl::OkStatus();
      }));
  return expanded;
}

}  // namespace gatehouse
