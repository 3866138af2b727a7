#pragma once

#include <string>

namespace gatehouse {

// Whether an organisation is a sandbox, of which nothing leaves the house. Its id says so, and
// nothing else: whoever has the id knows it without asking, and neither can become the other.
bool IsSandbox(const std::string& organisation_id);

// The code of every challenge in a sandbox.
extern const char kSandboxCode[];

// What becomes of a message in a sandbox. A phone number says it by its last digits, an e-mail
// address by what stands before the @ (and before a `+` there):
//
//   …0001  refused@…     the provider refuses the recipient
//   …0002  late@…        it arrives a minute later
//   …0003  wrong-code@…  it arrives, and the code in it is not the right one
//
// and any other one: it arrives at once.
enum class SandboxScenario { kDelivered, kRefused, kLate, kWrongCode };
SandboxScenario SandboxScenarioOf(const std::string& recipient);

}  // namespace gatehouse
