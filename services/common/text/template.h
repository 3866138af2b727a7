#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace gatehouse {

// Whether a value is written as it is, or so that HTML shows it as it is.
enum class Markup { kPlain, kHtml };

// A text with tags, in a small subset of Mustache:
//
//   {{name}}  |name|       the value
//   {{#name}} … {{/name}}  what is between, where the value is not empty
//   {{^name}} … {{/name}}  what is between, where it is empty
//   {{! … }}               nothing
//
// A name is `[a-z_]{1,40}`; spaces within the braces do not count, between the bars there are none.
// A line that has nothing but tags of the last three kinds vanishes. Anything else that has two
// opening braces is a broken tag: no partials, other delimiters or ways round escaping. A value is
// never read as a template again.
class Template {
 public:
  // Refuses UNKNOWN_TAG for a broken tag, and TEMPLATE_MALFORMED where sections do not close, cross
  // or are more than ten deep (both INVALID_ARGUMENT).
  static absl::StatusOr<Template> Parse(const std::string& text);

  // All names in it.
  std::set<std::string> Names() const;
  // Those whose value stands in the text whatever the values are: in no section.
  std::set<std::string> Always() const;

  // The text with its values. Refuses UNKNOWN_TAG for a name without a value, but what stands
  // between bars is a plain text then; TEMPLATE_MALFORMED for more than kRenderedMax bytes.
  absl::StatusOr<std::string> Render(const std::map<std::string, std::string>& values,
                                     Markup markup = Markup::kPlain) const;
  static constexpr size_t kRenderedMax = 256 * 1024;

  enum class Kind { kText, kValue, kBarred, kSection, kInverted, kEnd };
  struct Node {
    Kind kind = Kind::kText;
    std::string text;  // Or the name.
    size_t end = 0;    // Of a section: where its kEnd is.
    int line = 1;
  };
  // In their order.
  const std::vector<Node>& nodes() const { return nodes_; }

 private:
  explicit Template(std::vector<Node> nodes) : nodes_(std::move(nodes)) {}
  std::vector<Node> nodes_;
};

// OK if the text has only `known` tags, and all `required` ones whatever the values are. Refuses
// UNKNOWN_TAG, TAG_MISSING and TEMPLATE_MALFORMED (INVALID_ARGUMENT).
absl::Status CheckTags(const std::string& text, const std::set<std::string>& known,
                       const std::set<std::string>& required);

// Parse() and Render() of a plain text at once.
absl::StatusOr<std::string> Expand(const std::string& text,
                                   const std::map<std::string, std::string>& values);

}  // namespace gatehouse
