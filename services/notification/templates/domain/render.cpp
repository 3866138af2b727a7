#include "services/notification/templates/domain/render.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/common/base/status.h"
#include "services/common/text/template.h"
#include "services/notification/domain/segments.h"

namespace gatehouse::notification {
namespace {

absl::StatusOr<std::string> Filled(const std::string& text,
                                   const std::map<std::string, std::string>& values,
                                   Markup markup = Markup::kPlain) {
  ASSIGN_OR_RETURN(const Template parsed, Template::Parse(text));
  return parsed.Render(values, markup);
}

}  // namespace

absl::StatusOr<Text> Render(const Kind& kind, const Text& own, const Text& chosen,
                            const std::map<std::string, std::string>& values) {
  std::map<std::string, std::string> all = kind.WithAliases(values);
  // An invitation of before names no documents, and how to enter by the one way that there was.
  all.emplace("documents", "");
  all.emplace("entering", "To enter, you will be sent a code by SMS.");
  const std::string& html = own.html.empty() && own.body.empty() ? chosen.html : own.html;
  Text text;
  ASSIGN_OR_RETURN(text.subject, Filled(own.subject.empty() ? chosen.subject : own.subject, all));
  ASSIGN_OR_RETURN(text.body, Filled(own.body.empty() ? chosen.body : own.body, all));
  ASSIGN_OR_RETURN(text.html, Filled(html, all, Markup::kHtml));
  ASSIGN_OR_RETURN(const std::string ending, Filled(kind.ending, all));
  // A value with a line break must not become a second header.
  std::replace_if(
      text.subject.begin(), text.subject.end(),
      [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  if (kind.channel != Channel::kSms) return text;
  text.body = Plainer(text.body + ending);
  if (Segments(text.body) <= kSegmentsMax) return text;
  return RefuseField("body", absl::StrCat("must fit into ", kSegmentsMax, " SMS segments"));
}

}  // namespace gatehouse::notification
