#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/notification/templates/domain/kinds.h"
#include "services/notification/templates/domain/template_store.h"

namespace gatehouse::notification {

inline constexpr int kTemplatesMax = 200;  // Of an organisation.
inline constexpr int kVersionsMax = 200;   // Of a template, the last ones.

// What staff do with templates, and which of them a message is made of. Refusals are those of the
// contract.
class Templates {
 public:
  // What a text's HTML must be like, which is not for here to know.
  using HtmlRule = std::function<absl::Status(const Kind& kind, const std::string& html)>;
  Templates(TemplateStore& store, HtmlRule check_html)
      : store_(store), check_html_(std::move(check_html)) {}

  // The kinds that the organisation holds fixed are `fixed`.
  using Fixed = std::set<std::string>;
  // As it would be sent; of a kind that has no template of the organisation's the built-in one.
  absl::StatusOr<StoredTemplate> Get(const std::string& organisation_id,
                                     const std::string& template_id);
  absl::StatusOr<StoredTemplate> Create(const StoredTemplate& asked, const Fixed& fixed,
                                        const Call& call);
  // `edit` makes of what holds now what shall hold. `etag`: the version that it must be an edit of;
  // empty: of any.
  using Edit = std::function<absl::StatusOr<StoredTemplate>(StoredTemplate)>;
  absl::StatusOr<StoredTemplate> Update(const std::string& template_id, const std::string& etag,
                                        const Fixed& fixed, const Call& call, const Edit& edit);
  absl::StatusOr<StoredTemplate> Restore(const std::string& template_id, int64_t version,
                                         const Fixed& fixed, const Call& call);
  absl::Status Delete(const std::string& template_id, const Fixed& fixed, const Call& call);

  // What a message of this kind is made of: by the template that was chosen, if it is there and may
  // serve, else by the organisation's for the language, else the built-in one.
  absl::StatusOr<StoredTemplate> Choose(const std::string& organisation_id, const Kind& kind,
                                        const std::string& chosen_id, const std::string& language);
  // OK if a message of this kind may be sent by the chosen template, with this text in place of the
  // template's. Refuses UNKNOWN_TEMPLATE, TEMPLATE_FIXED, and as CheckText().
  absl::Status CheckChoice(const std::string& organisation_id, const Kind& kind,
                           const std::string& chosen_id, const Text& own, const Fixed& fixed);
  // As CheckText(), and what the HTML must be like.
  absl::Status Check(const Kind& kind, const Text& text) const;

 private:
  absl::Status CheckWhole(const Kind& kind, const StoredTemplate& made) const;

  TemplateStore& store_;
  const HtmlRule check_html_;
};

}  // namespace gatehouse::notification
