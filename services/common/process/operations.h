#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/common/process/readiness.h"

namespace gatehouse {

// What operators ask over plain HTTP/1.1, on a port of its own that no client can reach: /healthz
// (the process lives), /readyz (it can be sent what it serves) and /metrics (Prometheus).
class Operations {
 public:
  // `listen` is host:port. All questions are answered on one thread, and none waits for a store.
  static absl::StatusOr<std::unique_ptr<Operations>> Start(const std::string& listen,
                                                           const Readiness& readiness);
  ~Operations();

 private:
  Operations();
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace gatehouse
