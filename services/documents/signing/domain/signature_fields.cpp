#include "services/documents/signing/domain/signature_fields.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/text/characters.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kMissingNamed = 20;
constexpr double kRounding = 1e-9;  // 0.1 + 0.9 may be more than 1.

// What of a field's place is beyond the page, or no number; empty: nothing.
std::string BeyondPage(const SignatureField& field) {
  const auto is_share = [](double share) { return std::isfinite(share) && share >= 0; };
  if (!is_share(field.left)) return "left";
  if (!is_share(field.top)) return "top";
  if (!(field.width >= kFieldLeast) || !(field.left + field.width <= 1 + kRounding)) return "width";
  if (!(field.height >= kFieldLeast) || !(field.top + field.height <= 1 + kRounding)) {
    return "height";
  }
  return "";
}

bool FillsItself(FieldKind kind) {
  return kind == FieldKind::kSignature || kind == FieldKind::kDateSigned;
}

// What of a value does not fit its field; empty: nothing.
std::string MistakeIn(const std::string& value, FieldKind kind) {
  if (kind == FieldKind::kCheckbox && value != "true" && value != "false" && !value.empty()) {
    return "must be true or false";
  }
  if (kind == FieldKind::kInitials && Cut(value, kInitialsMax) != value) {
    return absl::StrCat("must have at most ", kInitialsMax, " characters");
  }
  return "";
}

// As it is kept: blank is nothing, and so is what is not ticked.
std::string KeptOf(const std::string& value, FieldKind kind) {
  if (kind == FieldKind::kCheckbox) return value == "true" ? value : "";
  return Trim(value);
}

}  // namespace

absl::Status CheckFields(const SignatureFields& fields, const std::vector<std::string>& signers) {
  std::set<std::string> ids;
  for (size_t i = 0; i < fields.size(); ++i) {
    const SignatureField& field = fields[i];
    const std::string place = absl::StrCat("fields[", i, "].");
    if (!ids.insert(field.field_id).second) {
      return RefuseField(place + "field_id", "stands there twice");
    }
    if (std::find(signers.begin(), signers.end(), field.contact_id) == signers.end()) {
      return RefuseField(place + "contact_id", "must be one of the signers");
    }
    if (const std::string beyond = BeyondPage(field); !beyond.empty()) {
      return RefuseField(place + beyond, "must be a share of the page that lies on it");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<SignatureFields> OnPages(SignatureFields fields,
                                        const std::vector<PageSize>& pages) {
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::string place = absl::StrCat("fields[", i, "].page");
    const auto page = static_cast<size_t>(fields[i].page);
    if (page < 1 || page > pages.size()) {
      return RefuseField(place, absl::StrCat("the document has ", pages.size(), " pages"));
    }
    fields[i].page_size = pages[page - 1];
    if (fields[i].page_size.width <= 0) {
      return RefuseField(place, "the page has no size that could be drawn on");
    }
  }
  return fields;
}

absl::StatusOr<SignatureFields> Filled(SignatureFields fields, const std::string& contact_id,
                                       const FieldValues& values, const std::string& day) {
  std::set<std::string> said;
  for (size_t i = 0; i < values.size(); ++i) {
    const auto& [field_id, value] = values[i];
    const std::string place = absl::StrCat("values[", i, "].");
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const SignatureField& one) {
      return one.field_id == field_id && one.contact_id == contact_id;
    });
    if (field == fields.end() || FillsItself(field->kind)) {
      return RefuseField(place + "field_id", "must be one of the client's own fields to fill");
    }
    if (!said.insert(field_id).second) {
      return RefuseField(place + "field_id", "stands there twice");
    }
    if (const std::string mistake = MistakeIn(value, field->kind); !mistake.empty()) {
      return RefuseField(place + "value", mistake);
    }
    field->value = KeptOf(value, field->kind);
  }
  std::vector<std::string> missing;
  for (SignatureField& field : fields) {
    if (field.contact_id != contact_id) continue;
    if (field.kind == FieldKind::kDateSigned) field.value = day;
    if (field.required && !FillsItself(field.kind) && field.value.empty()) {
      missing.push_back(field.field_id);
    }
  }
  if (missing.empty()) return fields;
  missing.resize(std::min(missing.size(), kMissingNamed));
  return WithFact(Refuse(v1::SIGNATURE_FIELDS_MISSING, "required fields are empty"), "fieldIds",
                  absl::StrJoin(missing, ","));
}

}  // namespace gatehouse::documents
