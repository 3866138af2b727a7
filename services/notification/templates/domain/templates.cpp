#include "services/notification/templates/domain/templates.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/notification/templates/domain/render.h"

namespace gatehouse::notification {
namespace {

absl::Status NotFound() { return Refuse(common::v1::NOT_FOUND, "there is no such template here"); }

absl::Status UnknownTemplate() {
  return Refuse(v1::UNKNOWN_TEMPLATE, "there is no such template for this kind of message");
}

absl::Status CheckNotFixed(const Kind& kind, const Templates::Fixed& fixed) {
  if (!kind.fixed && fixed.count(kind.name) == 0) return absl::OkStatus();
  return Refuse(v1::TEMPLATE_FIXED, "this kind of message has one text, which is not changed here");
}

StoredTemplate BuiltIn(const Kind& kind, const std::string& template_id) {
  return {.template_id = template_id, .kind = kind.name, .title = kind.title, .text = kind.text};
}

// The kind of the template that an id stands for, as far as that is known without a look.
const Kind* KindFor(const std::string& template_id, const std::optional<StoredTemplate>& newest) {
  if (newest.has_value()) return FindKind(newest->kind);
  return IsStandardId(template_id) ? FindKind(KindOf(template_id)) : nullptr;
}

// What holds: the newest version, or the built-in one where it is none, or is deleted.
std::optional<StoredTemplate> Holding(const std::string& template_id, const Kind& kind,
                                      const std::optional<StoredTemplate>& newest) {
  if (newest.has_value() && !newest->deleted) return newest;
  if (!IsStandardId(template_id)) return std::nullopt;
  return BuiltIn(kind, template_id);
}

}  // namespace

absl::Status Templates::Check(const Kind& kind, const Text& text) const {
  RETURN_IF_ERROR(CheckText(kind, text));
  // An SMS must be sendable whatever it costs.
  RETURN_IF_ERROR(Render(kind, text, kind.text, kind.Samples()).status());
  return text.html.empty() ? absl::OkStatus() : check_html_(kind, text.html);
}

absl::Status Templates::CheckWhole(const Kind& kind, const StoredTemplate& made) const {
  if (kind.title_fixed && made.title != kind.title) {
    return Refuse(v1::TITLE_FIXED, absl::StrCat("the title stays ", kind.title));
  }
  if (made.title.empty()) return RefuseField("title", "must not be empty");
  if (made.text.body.empty()) return RefuseField("body", "must not be empty");
  if (kind.channel == Channel::kEmail && made.text.subject.empty()) {
    return RefuseField("subject", "must not be empty");
  }
  return Check(kind, made.text);
}

absl::StatusOr<StoredTemplate> Templates::Get(const std::string& organisation_id,
                                              const std::string& template_id) {
  ASSIGN_OR_RETURN(const auto found, store_.Find(organisation_id, {template_id}));
  if (!found.empty()) return found[0];
  const Kind* const kind = KindFor(template_id, std::nullopt);
  if (kind == nullptr) return NotFound();
  return BuiltIn(*kind, template_id);
}

absl::StatusOr<StoredTemplate> Templates::Create(const StoredTemplate& asked, const Fixed& fixed,
                                                 const Call& call) {
  const Kind* const kind = FindKind(asked.kind);
  if (kind == nullptr) return UnknownTemplate();
  RETURN_IF_ERROR(CheckNotFixed(*kind, fixed));
  RETURN_IF_ERROR(CheckWhole(*kind, asked));
  StoredTemplate made = asked;
  made.template_id = NewId("tpl");
  return store_.Change(
      made.template_id, call,
      [&](const auto&) -> absl::StatusOr<std::optional<StoredTemplate>> { return made; });
}

absl::StatusOr<StoredTemplate> Templates::Update(const std::string& template_id,
                                                 const std::string& etag, const Fixed& fixed,
                                                 const Call& call, const Edit& edit) {
  using Result = absl::StatusOr<std::optional<StoredTemplate>>;
  return store_.Change(
      template_id, call, [&](const std::optional<StoredTemplate>& newest) -> Result {
        const Kind* const kind = KindFor(template_id, newest);
        if (kind == nullptr) return NotFound();
        const std::optional<StoredTemplate> now = Holding(template_id, *kind, newest);
        if (!now.has_value()) return NotFound();
        RETURN_IF_ERROR(CheckNotFixed(*kind, fixed));
        if (!etag.empty() && etag != absl::StrCat(now->version)) {
          return Refuse(common::v1::ETAG_MISMATCH, "it has changed since: read it again");
        }
        ASSIGN_OR_RETURN(StoredTemplate made, edit(*now));
        RETURN_IF_ERROR(CheckWhole(*kind, made));
        made.deleted = false;
        return made;
      });
}

absl::StatusOr<StoredTemplate> Templates::Restore(const std::string& template_id, int64_t version,
                                                  const Fixed& fixed, const Call& call) {
  ASSIGN_OR_RETURN(const StoredTemplate old,
                   store_.FindVersion(call.caller.organisation_id, template_id, version));
  if (old.deleted) return NotFound();
  using Result = absl::StatusOr<std::optional<StoredTemplate>>;
  return store_.Change(template_id, call, [&](const auto& newest) -> Result {
    const Kind* const kind = KindFor(template_id, newest);
    if (kind == nullptr) return NotFound();
    RETURN_IF_ERROR(CheckNotFixed(*kind, fixed));
    // What was fine once may not be any more: a tag may have gone since.
    RETURN_IF_ERROR(CheckWhole(*kind, old));
    return old;
  });
}

absl::Status Templates::Delete(const std::string& template_id, const Fixed& fixed,
                               const Call& call) {
  using Result = absl::StatusOr<std::optional<StoredTemplate>>;
  return store_
      .Change(template_id, call,
              [&](const std::optional<StoredTemplate>& newest) -> Result {
                const Kind* const kind = KindFor(template_id, newest);
                if (kind == nullptr) return NotFound();
                RETURN_IF_ERROR(CheckNotFixed(*kind, fixed));
                if (!newest.has_value() || newest->deleted) return std::nullopt;
                StoredTemplate end = *newest;
                end.deleted = true;
                return end;
              })
      .status();
}

absl::StatusOr<StoredTemplate> Templates::Choose(const std::string& organisation_id,
                                                 const Kind& kind, const std::string& chosen_id,
                                                 const std::string& language) {
  std::vector<std::string> ids = StandardIds(kind.name, language);
  const Kind* serving = IsStandardId(chosen_id) ? FindKind(KindOf(chosen_id)) : nullptr;
  if (serving != nullptr && !MayServe(*serving, kind)) serving = nullptr;
  if (serving != nullptr && serving != &kind) ids = StandardIds(serving->name, language);
  if (!chosen_id.empty()) ids.insert(ids.begin(), chosen_id);
  ASSIGN_OR_RETURN(const std::vector<StoredTemplate> found, store_.Find(organisation_id, ids));
  for (const std::string& id : ids) {
    for (const StoredTemplate& one : found) {
      const Kind* const its = FindKind(one.kind);
      if (one.template_id == id && its != nullptr && MayServe(*its, kind)) return one;
    }
  }
  const Kind& standing = serving == nullptr ? kind : *serving;
  return BuiltIn(standing, standing.name);
}

absl::Status Templates::CheckChoice(const std::string& organisation_id, const Kind& kind,
                                    const std::string& chosen_id, const Text& own,
                                    const Fixed& fixed) {
  const Kind* serving = &kind;
  if (!chosen_id.empty()) {
    const auto found = Get(organisation_id, chosen_id);
    if (absl::IsNotFound(found.status())) return UnknownTemplate();
    RETURN_IF_ERROR(found.status());
    serving = FindKind(found->kind);
    if (serving == nullptr || !MayServe(*serving, kind)) return UnknownTemplate();
  }
  if (own.subject.empty() && own.body.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(CheckNotFixed(*serving, fixed));
  return CheckText(*serving, own);
}

}  // namespace gatehouse::notification
