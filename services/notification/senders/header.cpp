#include "services/notification/senders/header.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace gatehouse::notification {
namespace {

constexpr size_t kPlainMax = 900;  // A line may have 998 bytes.
constexpr size_t kWordBytes = 42;  // 56 in base64, and 12 around them.

bool IsPlain(const std::string& text) {
  const auto visible = [](unsigned char c) { return c >= 0x20 && c < 0x7f; };
  // What already looks like an encoded word would be decoded by the reader.
  return text.size() <= kPlainMax && !absl::StrContains(text, "=?") &&
         std::all_of(text.begin(), text.end(), visible);
}

// Where the word ends that begins at `start`: no character is cut, where there are any.
size_t EndOfWord(const std::string& text, size_t start) {
  const size_t end = std::min(start + kWordBytes, text.size());
  for (size_t cut = end; cut + 4 > end && cut > start; --cut) {
    if (cut == text.size() || (text[cut] & 0xc0) != 0x80) return cut;
  }
  return end;
}

}  // namespace

std::string EncodedHeader(const std::string& text) {
  if (IsPlain(text)) return text;
  std::string words;
  for (size_t start = 0; start < text.size();) {
    const size_t end = EndOfWord(text, start);
    absl::StrAppend(&words, words.empty() ? "" : "\r\n ", "=?UTF-8?B?",
                    absl::Base64Escape(text.substr(start, end - start)), "?=");
    start = end;
  }
  return words;
}

std::string MailboxHeader(const std::string& name, const std::string& address) {
  if (name.empty()) return address;
  // An encoded word is none within quotes, and what is plain needs them.
  const std::string encoded = EncodedHeader(name);
  const std::string shown =
      encoded == name
          ? absl::StrCat("\"", absl::StrReplaceAll(name, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"")
          : encoded;
  return absl::StrCat(shown, " <", address, ">");
}

}  // namespace gatehouse::notification
