#include "services/common/text/sandbox.h"

#include <catch2/catch.hpp>

namespace gatehouse {
namespace {

TEST_CASE("an organisation is a sandbox by its id, and no other is", "[unit]") {
  CHECK(IsSandbox("sandbox-1"));
  CHECK(IsSandbox("sandbox-acme.team"));
  for (const char* id : {"acme", "sandbox", "Sandbox-1", "my-sandbox-1", " sandbox-1", "", "*",
                         "sandbox_1", "sandboxes"}) {
    INFO(id);
    CHECK_FALSE(IsSandbox(id));
  }
}

TEST_CASE("a number says by its end what becomes of a message", "[unit]") {
  CHECK(SandboxScenarioOf("+447700900001") == SandboxScenario::kRefused);
  CHECK(SandboxScenarioOf("+61491570002") == SandboxScenario::kLate);
  CHECK(SandboxScenarioOf("+6421550003") == SandboxScenario::kWrongCode);
  CHECK(SandboxScenarioOf("+447700900123") == SandboxScenario::kDelivered);
  CHECK(SandboxScenarioOf("+447700900011") == SandboxScenario::kDelivered);
  CHECK(SandboxScenarioOf("0001") == SandboxScenario::kRefused);
  CHECK(SandboxScenarioOf("") == SandboxScenario::kDelivered);
}

TEST_CASE("an address says it by what stands before the @", "[unit]") {
  CHECK(SandboxScenarioOf("refused@example.com") == SandboxScenario::kRefused);
  CHECK(SandboxScenarioOf("Refused@example.com") == SandboxScenario::kRefused);
  CHECK(SandboxScenarioOf("late+ada@example.com") == SandboxScenario::kLate);
  CHECK(SandboxScenarioOf("wrong-code@example.com") == SandboxScenario::kWrongCode);
  CHECK(SandboxScenarioOf("ada@refused.example") == SandboxScenario::kDelivered);
  CHECK(SandboxScenarioOf("ada+late@example.com") == SandboxScenario::kDelivered);
  CHECK(SandboxScenarioOf("ada0001@example.com") == SandboxScenario::kDelivered);
  CHECK(SandboxScenarioOf("latecomer@example.com") == SandboxScenario::kDelivered);
}

}  // namespace
}  // namespace gatehouse
