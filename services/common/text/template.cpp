#include "services/common/text/template.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse {
namespace {

using Kind = Template::Kind;
using Node = Template::Node;

constexpr size_t kNameMax = 40, kDepthMax = 10;
constexpr char kNameCharacters[] = "abcdefghijklmnopqrstuvwxyz_";

absl::Status UnknownTag(const std::string& name) {
  return WithFact(Refuse(common::v1::UNKNOWN_TAG, "the text has a tag that is not known here"),
                  "tag", name);
}

absl::Status Malformed(const std::string& what, int line) {
  return WithFact(Refuse(common::v1::TEMPLATE_MALFORMED, what), "line", absl::StrCat(line));
}

bool IsName(const std::string& name) {
  return !name.empty() && name.size() <= kNameMax &&
         name.find_first_not_of(kNameCharacters) == std::string::npos;
}

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  absl::StatusOr<std::vector<Node>> Run() {
    size_t plain = 0, at = 0;  // Where what was not added yet begins; where we look.
    while ((at = text_.find_first_of("{|", at)) != std::string::npos) {
      const size_t end = text_[at] == '|' ? EndOfBarred(at) : EndOfBraced(at);
      if (end == 0) {  // A single brace or bar.
        ++at;
        continue;
      }
      AddText(text_.substr(plain, at - plain));
      if (end == std::string::npos) return UnknownTag("{{");
      RETURN_IF_ERROR(text_[at] == '|' ? AddBarred(at, end) : AddBraced(at, end));
      plain = at = end;
    }
    AddText(text_.substr(plain));
    EndLine();
    if (!open_.empty()) {
      const Node& node = nodes_[open_.back()];
      return Malformed("the section {{#" + node.text + "}} is not closed", node.line);
    }
    return std::move(nodes_);
  }

 private:
  // Behind `|name|`; 0 where there is none.
  size_t EndOfBarred(size_t at) const {
    const size_t end = text_.find_first_not_of(kNameCharacters, at + 1);
    if (end == std::string::npos || text_[end] != '|') return 0;
    return IsName(text_.substr(at + 1, end - at - 1)) ? end + 1 : 0;
  }
  // Behind `{{…}}`; 0 where there are no two braces, npos where they do not close.
  size_t EndOfBraced(size_t at) const {
    if (text_.compare(at, 2, "{{") != 0) return 0;
    const size_t close = text_.find("}}", at + 2);
    return close == std::string::npos ? close : close + 2;
  }

  void AddText(const std::string& text) {
    for (size_t start = 0; start < text.size();) {
      const size_t end = std::min(text.find('\n', start), text.size() - 1) + 1;
      const std::string piece = text.substr(start, end - start);
      has_ink_ = has_ink_ || !absl::StripAsciiWhitespace(piece).empty();
      nodes_.push_back({Kind::kText, piece, 0, line_});
      if (piece.back() == '\n') EndLine();
      start = end;
    }
  }
  void EndLine() {
    for (size_t i = line_start_; has_tag_ && !has_ink_ && i < nodes_.size(); ++i) {
      if (nodes_[i].kind == Kind::kText) nodes_[i].text.clear();
    }
    line_start_ = nodes_.size();
    has_tag_ = has_ink_ = false;
    ++line_;
  }

  absl::Status AddBarred(size_t at, size_t end) {
    has_ink_ = true;
    nodes_.push_back({Kind::kBarred, text_.substr(at + 1, end - at - 2), 0, line_});
    return absl::OkStatus();
  }
  absl::Status AddBraced(size_t at, size_t end) {
    std::string inner(absl::StripAsciiWhitespace(text_.substr(at + 2, end - at - 4)));
    has_tag_ = true;
    if (!inner.empty() && inner[0] == '!') {
      line_ += static_cast<int>(std::count(inner.begin(), inner.end(), '\n'));
      return absl::OkStatus();
    }
    const char sigil = inner.empty() ? ' ' : inner[0];
    const bool plain = sigil != '#' && sigil != '^' && sigil != '/';
    if (!plain) inner = std::string(absl::StripAsciiWhitespace(inner.substr(1)));
    if (!IsName(inner)) return UnknownTag("{{");
    if (sigil == '/') return Close(inner);
    if (plain) has_ink_ = true;
    nodes_.push_back({plain          ? Kind::kValue
                      : sigil == '#' ? Kind::kSection
                                     : Kind::kInverted,
                      inner, 0, line_});
    if (plain) return absl::OkStatus();
    open_.push_back(nodes_.size() - 1);
    if (open_.size() <= kDepthMax) return absl::OkStatus();
    return Malformed("sections are too deep in one another", line_);
  }
  absl::Status Close(const std::string& name) {
    if (open_.empty() || nodes_[open_.back()].text != name) {
      return Malformed("{{/" + name + "}} closes no section that is open here", line_);
    }
    nodes_[open_.back()].end = nodes_.size();
    open_.pop_back();
    nodes_.push_back({Kind::kEnd, name, 0, line_});
    return absl::OkStatus();
  }

  const std::string& text_;
  std::vector<Node> nodes_;
  std::vector<size_t> open_;  // The sections that are.
  // Of the line that is being read: its number, its first node, and what it has.
  int line_ = 1;
  size_t line_start_ = 0;
  bool has_tag_ = false, has_ink_ = false;
};

// What Mustache escapes, of which some matters in a quoted attribute only.
std::string Written(const std::string& value, Markup markup) {
  if (markup == Markup::kPlain) return value;
  return absl::StrReplaceAll(value, {{"&", "&amp;"},
                                     {"<", "&lt;"},
                                     {">", "&gt;"},
                                     {"\"", "&quot;"},
                                     {"'", "&#39;"},
                                     {"/", "&#x2F;"},
                                     {"`", "&#x60;"},
                                     {"=", "&#x3D;"}});
}

}  // namespace

absl::StatusOr<Template> Template::Parse(const std::string& text) {
  ASSIGN_OR_RETURN(std::vector<Node> nodes, Parser(text).Run());
  return Template(std::move(nodes));
}

std::set<std::string> Template::Names() const {
  std::set<std::string> names;
  for (const Node& node : nodes_) {
    if (node.kind != Kind::kText) names.insert(node.text);
  }
  return names;
}

std::set<std::string> Template::Always() const {
  std::set<std::string> names;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    if (node.end != 0) {
      i = node.end;
    } else if (node.kind == Kind::kValue || node.kind == Kind::kBarred) {
      names.insert(node.text);
    }
  }
  return names;
}

absl::StatusOr<std::string> Template::Render(const std::map<std::string, std::string>& values,
                                             Markup markup) const {
  std::string rendered;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    if (node.kind == Kind::kEnd) continue;
    const auto value = values.find(node.text);
    if (node.kind == Kind::kText) {
      rendered += node.text;
    } else if (node.kind == Kind::kBarred && value == values.end()) {
      absl::StrAppend(&rendered, "|", node.text, "|");
    } else if (value == values.end()) {
      return UnknownTag(node.text);
    } else if (node.end == 0) {
      rendered += Written(value->second, markup);
    } else if (value->second.empty() == (node.kind == Kind::kSection)) {
      i = node.end;
    }
    if (rendered.size() > kRenderedMax) return Malformed("the text is too long", node.line);
  }
  return rendered;
}

absl::Status CheckTags(const std::string& text, const std::set<std::string>& known,
                       const std::set<std::string>& required) {
  ASSIGN_OR_RETURN(const Template parsed, Template::Parse(text));
  for (const std::string& tag : parsed.Names()) {
    if (known.count(tag) == 0) return UnknownTag(tag);
  }
  const std::set<std::string> always = parsed.Always();
  for (const std::string& tag : required) {
    if (always.count(tag) != 0) continue;
    return WithFact(
        Refuse(common::v1::TAG_MISSING, absl::StrCat("the text must have the tag {{", tag, "}}")),
        "tag", tag);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Expand(const std::string& text,
                                   const std::map<std::string, std::string>& values) {
  ASSIGN_OR_RETURN(const Template parsed, Template::Parse(text));
  return parsed.Render(values);
}

}  // namespace gatehouse
