#pragma once

#include <string>
#include <utility>

namespace gatehouse {

// A string that must not leak: it wipes itself and has no stream operator, so that it cannot reach
// a log by accident. Reveal() is the only way to its value, easy to search for.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret other) noexcept;
  ~Secret();

  const std::string& Reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

}  // namespace gatehouse
