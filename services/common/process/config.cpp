#include "services/common/process/config.h"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace gatehouse {

std::optional<std::string> Environment::OptionalText(const std::string& name) {
  if (const char* value = std::getenv(name.c_str()); value != nullptr && *value != '\0') {
    return value;
  }
  const char* path = std::getenv((name + "_FILE").c_str());
  if (path == nullptr || *path == '\0') return std::nullopt;
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    Mistake(name + "_FILE", "names a file that cannot be read");
    return std::nullopt;
  }
  std::string value = text.str();
  if (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

std::string Environment::Text(const std::string& name) {
  const size_t mistakes = mistakes_.size();
  const auto value = OptionalText(name);
  if (!value && mistakes_.size() == mistakes) Mistake(name, "is not set");
  return value.value_or("");
}

std::string Environment::Text(const std::string& name, const std::string& fallback) {
  return OptionalText(name).value_or(fallback);
}

Secret Environment::SecretValue(const std::string& name) { return Secret(Text(name)); }

Secret Environment::SecretValue(const std::string& name, const std::string& fallback) {
  return Secret(Text(name, fallback));
}

int64_t Environment::Number(const std::string& name, int64_t fallback, int64_t min, int64_t max) {
  const auto text = OptionalText(name);
  if (!text) return fallback;
  int64_t value = 0;
  if (!absl::SimpleAtoi(*text, &value) || value < min || value > max) {
    Mistake(name, absl::StrCat("must be a number from ", min, " to ", max));
    return fallback;
  }
  return value;
}

std::vector<std::string> Environment::List(const std::string& name) {
  return absl::StrSplit(Text(name, ""), ',', absl::SkipWhitespace());
}

void Environment::Mistake(const std::string& name, const std::string& what) {
  mistakes_.push_back(name + " " + what);
}

absl::Status Environment::Status() const {
  if (mistakes_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("settings are wrong:\n  ", absl::StrJoin(mistakes_, "\n  ")));
}

std::string AddressOf(Environment& environment, const std::string& service) {
  return environment.Text(absl::StrCat("GATEHOUSE_", absl::AsciiStrToUpper(service), "_ADDRESS"));
}

int Fail(const absl::Status& status) {
  std::cerr << status.message() << "\n";
  return 1;
}

}  // namespace gatehouse
