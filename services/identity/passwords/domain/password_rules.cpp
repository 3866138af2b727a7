#include "services/identity/passwords/domain/password_rules.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/text/formats.h"
#include "services/common/text/normal_form.h"

namespace gatehouse::identity {
namespace {

// A word of fewer letters is in many a good password by chance, and so much may be left of one that
// is nothing but a word.
constexpr size_t kWordLeast = 4, kRestMost = 3;
constexpr size_t kDifferentLeast = 5;

// Without ASCII's digits, signs and blanks: what people add to a word to make it another.
std::string LettersOf(const std::string& folded) {
  std::string letters;
  for (const char c : folded) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || absl::ascii_isalpha(byte)) letters += c;
  }
  return letters;
}

bool IsMadeOf(const std::string& letters, const std::string& word) {
  if (word.size() < kWordLeast || letters.find(word) == std::string::npos) return false;
  return absl::StrReplaceAll(letters, {{word, ""}}).size() <= kRestMost;
}

}  // namespace

BlockedPasswords::BlockedPasswords(const std::vector<std::string>& lists) {
  for (const std::string& list : lists) {
    for (const absl::string_view line : absl::StrSplit(list, '\n')) {
      const absl::string_view word = absl::StripAsciiWhitespace(line);
      if (!word.empty() && word[0] != '#') words_.insert(FoldedText(std::string(word)));
    }
  }
}

bool BlockedPasswords::Has(const std::string& password,
                           const std::vector<std::string>& context) const {
  const std::string folded = FoldedText(password);
  if (words_.count(folded) != 0) return true;
  if (std::set<char>(folded.begin(), folded.end()).size() < kDifferentLeast) return true;
  const std::string letters = LettersOf(folded);
  if (letters.size() <= kRestMost) {
    // Of digits alone: those that are on the list, again and again.
    return std::any_of(words_.begin(), words_.end(), [&](const std::string& word) {
      return word.size() >= kWordLeast && folded.find(word) != std::string::npos &&
             absl::StrReplaceAll(folded, {{word, ""}}).size() < word.size();
    });
  }
  const auto made_of = [&](const std::string& word) { return IsMadeOf(letters, word); };
  return std::any_of(words_.begin(), words_.end(), made_of) ||
         std::any_of(context.begin(), context.end(),
                     [&](const std::string& word) { return made_of(LettersOf(FoldedText(word))); });
}

std::string NormalisedPassword(const std::string& typed) { return NormalisedText(typed); }

absl::Status CheckLength(const std::string& password, size_t least) {
  if (CodePoints(password) >= least) return absl::OkStatus();
  return WithFact(Refuse(v1::PASSWORD_TOO_SHORT,
                         absl::StrCat("a password has ", least, " characters at least")),
                  "least", absl::StrCat(least));
}

absl::Status CheckPassword(const std::string& password, size_t least,
                           const std::vector<std::string>& context,
                           const BlockedPasswords& blocked) {
  if (password.find('\0') != std::string::npos) {
    return RefuseField("password", "must not have a NUL character");
  }
  RETURN_IF_ERROR(CheckLength(password, least));
  if (CodePoints(password) > kPasswordMost) {
    return WithFact(Refuse(v1::PASSWORD_TOO_LONG,
                           absl::StrCat("a password has ", kPasswordMost, " characters at most")),
                    "most", absl::StrCat(kPasswordMost));
  }
  if (blocked.Has(password, context)) {
    return Refuse(v1::PASSWORD_TOO_COMMON,
                  "this password is one of those that are tried first: choose another");
  }
  return absl::OkStatus();
}

}  // namespace gatehouse::identity
