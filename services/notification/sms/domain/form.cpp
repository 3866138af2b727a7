#include "services/notification/sms/domain/form.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"

namespace gatehouse::notification {
namespace {

constexpr size_t kFieldsMax = 200;

std::optional<std::string> Decoded(const std::string& text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const auto is_hex = [&](size_t at) {
      return at < text.size() && absl::ascii_isxdigit(static_cast<unsigned char>(text[at]));
    };
    if (!is_hex(i + 1) || !is_hex(i + 2)) return std::nullopt;
    decoded += absl::HexStringToBytes(text.substr(i + 1, 2));
    i += 2;
  }
  return decoded;
}

}  // namespace

std::optional<Form> ReadForm(const std::string& text) {
  Form form;
  const std::vector<std::string> parts = absl::StrSplit(text, '&', absl::SkipEmpty());
  if (parts.size() > kFieldsMax) return std::nullopt;
  for (const std::string& part : parts) {
    const size_t equals = part.find('=');
    const auto name = Decoded(part.substr(0, equals));
    const auto value = Decoded(equals == std::string::npos ? "" : part.substr(equals + 1));
    if (!name || name->empty() || !value) return std::nullopt;
    form.emplace_back(*name, *value);
  }
  return form;
}

std::string FieldOf(const Form& form, const std::string& name) {
  for (const auto& [field, value] : form) {
    if (field == name) return value;
  }
  return "";
}

}  // namespace gatehouse::notification
