#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace gatehouse::documents {

// The numbers are the contract's (v1::SignatureField::Kind).
enum class FieldKind { kSignature = 1, kInitials = 2, kDateSigned = 3, kText = 4, kCheckbox = 5 };

constexpr int kInitialsMax = 10;       // Characters.
constexpr double kFieldLeast = 0.005;  // Of a page, each way.

// In points, as the page is shown; zero: that makes no sense.
struct PageSize {
  double width = 0, height = 0;
};

// A place on a page that a signer fills: a share of the page as it is shown.
struct SignatureField {
  std::string field_id;
  FieldKind kind = FieldKind::kText;
  std::string contact_id;
  int page = 1;
  double left = 0, top = 0, width = 0, height = 0;
  bool required = false, wrapped = false;
  std::string label;
  PageSize page_size;
  // What stands there, once its signer has signed: of a checkbox `true`. What was signed with
  // stands with the signer.
  std::string value;
};
using SignatureFields = std::vector<SignatureField>;

// What a signer says of its fields, by their ids.
using FieldValues = std::vector<std::pair<std::string, std::string>>;

// Refuses INVALID_REQUEST by the field's place in the list: an id that is there twice, who is none
// of the signers, what lies beyond the page.
absl::Status CheckFields(const SignatureFields& fields, const std::vector<std::string>& signers);

// The same on pages of these sizes. Refuses INVALID_REQUEST where there is no such page.
absl::StatusOr<SignatureFields> OnPages(SignatureFields fields, const std::vector<PageSize>& pages);

// The same as this signer fills them on this day. Refuses SIGNATURE_FIELDS_MISSING, and
// INVALID_REQUEST by the value's place in the list: of what is none of its fields to fill, is there
// twice, or does not fit.
absl::StatusOr<SignatureFields> Filled(SignatureFields fields, const std::string& contact_id,
                                       const FieldValues& values, const std::string& day);

}  // namespace gatehouse::documents
