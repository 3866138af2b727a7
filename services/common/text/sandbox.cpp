#include "services/common/text/sandbox.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace gatehouse {

const char kSandboxCode[] = "000000";

bool IsSandbox(const std::string& organisation_id) {
  return absl::StartsWith(organisation_id, "sandbox-");
}

SandboxScenario SandboxScenarioOf(const std::string& recipient) {
  const size_t at = recipient.find('@');
  const std::string name =
      at == std::string::npos
          ? ""
          : absl::AsciiStrToLower(recipient.substr(0, std::min(at, recipient.find('+'))));
  const auto is = [&](const char* address, const char* digits) {
    return at == std::string::npos ? absl::EndsWith(recipient, digits) : name == address;
  };
  if (is("refused", "0001")) return SandboxScenario::kRefused;
  if (is("late", "0002")) return SandboxScenario::kLate;
  if (is("wrong-code", "0003")) return SandboxScenario::kWrongCode;
  return SandboxScenario::kDelivered;
}

}  // namespace gatehouse
