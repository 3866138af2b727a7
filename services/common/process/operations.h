#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace gatehouse {

// What operators ask over plain HTTP/1.1, on a port of its own that no client can reach: /healthz
// (the process lives), /readyz (its stores answer too) and /metrics (Prometheus).
class Operations {
 public:
  // `listen` is host:port. `ready` may block; null: always ready.
  static absl::StatusOr<std::unique_ptr<Operations>> Start(const std::string& listen,
                                                           std::function<absl::Status()> ready);
  ~Operations();
  // /readyz refuses from now on, so that load balancers look elsewhere while the process drains.
  void Drain();

 private:
  Operations();
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace gatehouse
