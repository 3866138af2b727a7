#include "services/notification/sms/domain/words.h"

#include <set>

#include "absl/strings/ascii.h"

namespace gatehouse::notification {
namespace {

constexpr size_t kWordMax = 64;  // With what stands around it: what is longer says more than that.

const std::set<std::string> kStop = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL",
                                     "END",  "QUIT",    "REVOKE",      "OPTOUT"};
const std::set<std::string> kStart = {"START", "YES", "UNSTOP"};

// The letters of what is one word, in upper case; nothing where there are several.
std::string OnlyWord(const std::string& body) {
  if (body.size() > kWordMax) return "";
  const auto is_letter = [](unsigned char c) { return absl::ascii_isalpha(c) || c >= 0x80; };
  std::string word;
  bool ended = false;
  for (const unsigned char c : body) {
    if (!is_letter(c)) {
      ended = !word.empty();
      continue;
    }
    if (ended) return "";
    word += absl::ascii_toupper(c);
  }
  return word;
}

}  // namespace

SmsWord ReadSmsWord(const std::string& body, const std::string& opt_out_type) {
  const std::string word = opt_out_type.empty() ? OnlyWord(body) : opt_out_type;
  if (kStop.count(word) != 0) return SmsWord::kStop;
  return kStart.count(word) != 0 ? SmsWord::kStart : SmsWord::kNone;
}

}  // namespace gatehouse::notification
