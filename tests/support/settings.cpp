#include "tests/support/settings.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/strings/match.h"

namespace gatehouse {
namespace {

std::map<std::string, std::string> Ours() {
  std::map<std::string, std::string> ours;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string variable = *each;
    const size_t end = variable.find('=');
    if (!absl::StartsWith(variable, "GATEHOUSE_") || end == std::string::npos) continue;
    ours.emplace(variable.substr(0, end), variable.substr(end + 1));
  }
  return ours;
}

void Replace(const std::map<std::string, std::string>& settings) {
  for (const auto& [name, value] : Ours()) unsetenv(name.c_str());
  for (const auto& [name, value] : settings) setenv(name.c_str(), value.c_str(), 1);
}

}  // namespace

OnlySettings::OnlySettings(const std::map<std::string, std::string>& settings) : before_(Ours()) {
  Replace(settings);
}

OnlySettings::~OnlySettings() { Replace(before_); }

}  // namespace gatehouse
