#include "services/notification/templates/html.h"

#include <gumbo.h>

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/text/template.h"

namespace gatehouse::notification {
namespace {

const std::set<std::string> kNeverInMail = {
    "script", "iframe", "frame", "frameset", "object", "embed",    "applet", "form",    "input",
    "button", "select", "link",  "base",     "svg",    "textarea", "math",   "noscript"};
const std::set<std::string> kAddresses = {"href",   "src",    "background", "cite",
                                          "action", "poster", "longdesc",   "srcset"};
// What holds text in which a value is not text, or would not be escaped by a reader.
const std::set<std::string> kRawText = {"style",     "title",   "xmp",
                                        "plaintext", "noembed", "noframes"};

// What a parser opens again in each paragraph, as HTML 5 asks, would otherwise fill the memory.
constexpr std::ptrdiff_t kMarkupMax = 1000;

// A template in which marks stand for its tags, and what an HTML parser makes of it: where a mark
// is found says where its tag stands.
class Marked {
 public:
  Marked(const Kind& kind, const Template& parsed)
      : kind_(kind), stem_("x" + NewId("gh").substr(3)) {
    for (const Template::Node& node : parsed.nodes()) {
      if (node.kind == Template::Kind::kText) {
        html_ += node.text;
        continue;
      }
      absl::StrAppend(&html_, stem_, "z", tags_.size(), "z");
      tags_.push_back(
          {node.text, node.kind == Template::Kind::kValue || node.kind == Template::Kind::kBarred});
    }
  }

  absl::Status Check() {
    GumboOptions options = kGumboDefaultOptions;
    options.max_errors = 0;
    auto destroy = [&](GumboOutput* output) { gumbo_destroy_output(&options, output); };
    const std::unique_ptr<GumboOutput, decltype(destroy)> output(
        gumbo_parse_with_options(&options, html_.data(), html_.size()), destroy);
    std::vector<const GumboNode*> nodes = {output->document};
    while (!nodes.empty()) {
      const GumboNode* const node = nodes.back();
      nodes.pop_back();
      if (node->type == GUMBO_NODE_TEXT) SeeText(*node);
      if (node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE) {
        RETURN_IF_ERROR(SeeElement(node->v.element));
      }
      const GumboVector* const children = ChildrenOf(*node);
      for (unsigned i = 0; children != nullptr && i < children->length; ++i) {
        nodes.push_back(static_cast<const GumboNode*>(children->data[i]));
      }
    }
    // Whatever stands in no place that is known to be safe.
    for (size_t i = 0; i < tags_.size(); ++i) {
      if (!tags_[i].seen) return Misplaced(i);
    }
    return absl::OkStatus();
  }

 private:
  struct Tag {
    std::string name;
    bool is_value = false;
    bool seen = false;
  };

  static const GumboVector* ChildrenOf(const GumboNode& node) {
    if (node.type == GUMBO_NODE_DOCUMENT) return &node.v.document.children;
    const bool element = node.type == GUMBO_NODE_ELEMENT || node.type == GUMBO_NODE_TEMPLATE;
    return element ? &node.v.element.children : nullptr;
  }
  static std::string NameOf(const GumboElement& element) {
    if (element.tag != GUMBO_TAG_UNKNOWN) return gumbo_normalized_tagname(element.tag);
    GumboStringPiece name = element.original_tag;
    gumbo_tag_from_original_text(&name);
    return absl::AsciiStrToLower(
        absl::string_view(name.data, name.data == nullptr ? 0 : name.length));
  }

  absl::Status Misplaced(size_t tag) const {
    return WithFact(Refuse(v1::TAG_MISPLACED, "the tag stands where its value could be code"),
                    "tag", tags_[tag].name);
  }
  static absl::Status NotAllowed(const std::string& element) {
    return WithFact(Refuse(v1::HTML_NOT_ALLOWED, "a mail may not have this"), "element", element);
  }

  // The numbers of the tags whose marks stand in a text, and where each mark begins.
  std::vector<std::pair<size_t, size_t>> MarksIn(const std::string& text) const {
    std::vector<std::pair<size_t, size_t>> marks;
    const std::string opening = stem_ + "z";
    for (size_t at = 0; (at = text.find(opening, at)) != std::string::npos; ++at) {
      marks.emplace_back(std::stoul(text.substr(at + opening.size(), 6)), at);
    }
    return marks;
  }

  void SeeText(const GumboNode& node) {
    const GumboNode* const parent = node.parent;
    const bool raw = parent != nullptr && parent->type == GUMBO_NODE_ELEMENT &&
                     kRawText.count(NameOf(parent->v.element)) != 0;
    if (raw) return;
    for (const auto& [tag, at] : MarksIn(node.v.text.text)) tags_[tag].seen = true;
  }

  absl::Status SeeElement(const GumboElement& element) {
    const std::string name = NameOf(element);
    if (kNeverInMail.count(name) != 0) return NotAllowed(name);
    for (unsigned i = 0; i < element.attributes.length; ++i) {
      RETURN_IF_ERROR(
          SeeAttribute(name, *static_cast<const GumboAttribute*>(element.attributes.data[i])));
    }
    return absl::OkStatus();
  }

  absl::Status SeeAttribute(const std::string& element, const GumboAttribute& attribute) {
    const std::string name = absl::AsciiStrToLower(attribute.name);
    const std::string value = attribute.value;
    const bool event = absl::StartsWith(name, "on");
    if (event || (element == "meta" && name == "http-equiv")) return NotAllowed(name);
    const auto marks = MarksIn(value);
    const bool address = kAddresses.count(name) != 0;
    if (address && !IsSafeAddress(value)) return NotAllowed(name);
    const char quote = attribute.original_value.length == 0 ? ' ' : *attribute.original_value.data;
    for (const auto& [tag, at] : marks) {
      const bool quoted = quote == '"' || quote == '\'';
      if (!quoted || name == "style" || !tags_[tag].is_value) return Misplaced(tag);
      if (address && (at != 0 || !IsAddress(tags_[tag].name))) return Misplaced(tag);
      tags_[tag].seen = true;
    }
    return absl::OkStatus();
  }

  bool IsAddress(const std::string& tag) const {
    for (const notification::Tag& known : kind_.tags) {
      if (known.name == tag || known.alias == tag) return known.is_address;
    }
    return false;
  }
  // An address of a page, a mailbox or a phone, or one that a tag stands for. As browsers read it:
  // without what cannot be seen.
  bool IsSafeAddress(const std::string& value) const {
    std::string text;
    for (const unsigned char c : value) {
      if (c > 0x20) text += static_cast<char>(absl::ascii_tolower(c));
    }
    const bool relative = text.find(':') == std::string::npos;
    return absl::StartsWith(text, "https:") || absl::StartsWith(text, "http:") ||
           absl::StartsWith(text, "mailto:") || absl::StartsWith(text, "tel:") ||
           absl::StartsWith(text, "cid:") || relative ||
           absl::StartsWith(text, absl::AsciiStrToLower(stem_));
  }

  const Kind& kind_;
  const std::string stem_;  // What nobody can have written.
  std::string html_;
  std::vector<Tag> tags_;
};

}  // namespace

absl::Status CheckHtml(const Kind& kind, const std::string& html) {
  if (std::count(html.begin(), html.end(), '<') > kMarkupMax) {
    return WithFact(Refuse(v1::HTML_NOT_ALLOWED, "a mail may not have so many elements"), "element",
                    "<");
  }
  ASSIGN_OR_RETURN(const Template parsed, Template::Parse(html));
  return Marked(kind, parsed).Check();
}

}  // namespace gatehouse::notification
