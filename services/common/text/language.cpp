#include "services/common/text/language.h"

#include <re2/re2.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace gatehouse {
namespace {

constexpr size_t kWishesMax = 20;

struct Wish {
  std::string range;
  double weight = 1;
};

// What is no wish is passed over.
std::vector<Wish> WishesIn(const std::string& accept_language) {
  static const RE2 kWish(
      R"(\s*(\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*[qQ]=([01](?:\.[0-9]{0,3})?)\s*)?)");
  std::vector<Wish> wishes;
  const std::vector<std::string> parts = absl::StrSplit(accept_language, ',');
  for (const std::string& part : parts) {
    if (wishes.size() == kWishesMax) break;
    Wish wish;
    std::string weight;
    if (!RE2::FullMatch(part, kWish, &wish.range, &weight)) continue;
    if (!weight.empty() && !absl::SimpleAtod(weight, &wish.weight)) continue;
    wishes.push_back(std::move(wish));
  }
  std::stable_sort(wishes.begin(), wishes.end(),
                   [](const Wish& a, const Wish& b) { return a.weight > b.weight; });
  return wishes;
}

std::string Primary(const std::string& language) { return language.substr(0, language.find('-')); }

// Without its last subtag, and the single letter that begins what it belonged to.
std::string Shorter(const std::string& range) {
  size_t end = range.rfind('-');
  if (end == std::string::npos) return "";
  if (end >= 2 && range[end - 2] == '-') end -= 2;
  return range.substr(0, end);
}

const std::string* Find(const std::string& range, const std::vector<std::string>& spoken) {
  for (std::string tried = range; !tried.empty(); tried = Shorter(tried)) {
    for (const std::string& language : spoken) {
      if (absl::EqualsIgnoreCase(language, tried)) return &language;
    }
  }
  for (const std::string& language : spoken) {
    if (absl::EqualsIgnoreCase(Primary(language), Primary(range))) return &language;
  }
  return nullptr;
}

}  // namespace

std::string ChooseLanguage(const std::string& accept_language,
                           const std::vector<std::string>& spoken) {
  for (const Wish& wish : WishesIn(accept_language)) {
    if (wish.weight <= 0 || wish.range == "*") break;
    if (const std::string* found = Find(wish.range, spoken); found != nullptr) return *found;
  }
  return spoken.front();
}

}  // namespace gatehouse
