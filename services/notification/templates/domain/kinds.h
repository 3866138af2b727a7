#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/notification/domain/texts.h"

namespace gatehouse::notification {

// A field that can be inserted into a text.
struct Tag {
  std::string name;
  std::string sample;  // What a preview shows.
  bool required = false;
  bool is_address = false;  // May stand where HTML has a link's address.
  std::string alias;        // Another name for it; empty: none.
};

// A kind of message: what its text may say, and what it says where nobody wrote another.
struct Kind {
  std::string name;
  std::string title;  // Of its standard template.
  Channel channel = Channel::kEmail;
  std::vector<Tag> tags;
  Text text;
  std::string ending;        // Stands behind the text, whoever wrote that.
  bool urgent = false;       // Somebody waits for it.
  bool fixed = false;        // Nobody may change the text.
  bool title_fixed = false;  // Nobody may change the title.
  std::string serves;        // The kind that it may be sent in place of; empty: none.

  // All names that a text of this kind may have.
  std::set<std::string> Names() const;
  // The values under all names: those of aliases too.
  std::map<std::string, std::string> WithAliases(std::map<std::string, std::string> values) const;
  // One value for each tag.
  std::map<std::string, std::string> Samples() const;
};

// All of them, in the order in which staff are shown them.
const std::vector<Kind>& Kinds();
// Null: there is none by this name.
const Kind* FindKind(const std::string& name);
// Whether messages of `kind` may be sent by a template of `other`.
bool MayServe(const Kind& other, const Kind& kind);

// OK if a text of this kind may be so. An empty subject, body or html is not looked at. Refuses
// INVALID_REQUEST for what the channel does not have, UNKNOWN_TAG, TAG_MISSING and
// TEMPLATE_MALFORMED.
absl::Status CheckText(const Kind& kind, const Text& text);

// The id of a kind's standard template, `invitation` or `invitation.fr-ca`; the language of such an
// id, and its kind's name, or that of any other id.
std::string StandardId(const std::string& kind, const std::string& language);
std::string LanguageOf(const std::string& template_id);
std::string KindOf(const std::string& template_id);
// The ids of the templates that a reader of this language is written to by, the best one first.
std::vector<std::string> StandardIds(const std::string& kind, const std::string& language);
// Whether it is the id of a kind's standard template, with its language in lower case.
bool IsStandardId(const std::string& template_id);

}  // namespace gatehouse::notification
