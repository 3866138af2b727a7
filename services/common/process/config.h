#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/common/base/secret.h"

namespace gatehouse {

// Reads settings from the environment, once, and reports all mistakes together:
//
//   Environment env;
//   Config config{.database = env.SecretValue("GATEHOUSE_POSTGRES_URL")};
//   if (const absl::Status status = env.Status(); !status.ok()) return Fail(status);
//
// A value may also stand in a file, named by the setting with `_FILE` added; its last newline is
// dropped. A variable that is set but empty counts as not set. Messages never contain a value.
class Environment {
 public:
  std::string Text(const std::string& name);  // Required.
  std::string Text(const std::string& name, const std::string& fallback);
  Secret SecretValue(const std::string& name);  // Required.
  Secret SecretValue(const std::string& name, const std::string& fallback);
  std::optional<std::string> OptionalText(const std::string& name);
  int64_t Number(const std::string& name, int64_t fallback, int64_t min, int64_t max);
  std::vector<std::string> List(const std::string& name);  // Split at commas; empty if not set.
  // Adds a mistake found by the caller.
  void Mistake(const std::string& name, const std::string& what);

  // OK, or every mistake, a line each.
  absl::Status Status() const;

 private:
  std::vector<std::string> mistakes_;
};

// The address of another service, GATEHOUSE_<NAME>_ADDRESS: any gRPC target.
std::string AddressOf(Environment& environment, const std::string& service);

// Prints why the process cannot start, to standard error, and returns the exit code 1.
int Fail(const absl::Status& status);

}  // namespace gatehouse
