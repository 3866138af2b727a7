#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/common/base/clock.h"
#include "services/notification/domain/sender.h"

namespace gatehouse::notification {

// Whether a provider is worth asking, as all threads have found it: after a few failures in a row
// it is left alone for a while, and then tried by one message at a time. Thread-safe.
class Circuit {
 public:
  static constexpr int kFailures = 3;
  static constexpr absl::Duration kRest = absl::Seconds(30);

  Circuit(std::string name, const Clock& clock) : name_(std::move(name)), clock_(clock) {}
  // Whether to ask it now. Of many at once after a rest one may.
  bool MayAsk();
  void Worked();
  void Failed();
  bool is_open() const;

 private:
  const std::string name_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  int failures_ = 0;
  absl::Time next_ = absl::InfinitePast();
};

// Sends by the first of several providers that works, in their order, under the message's id as the
// one key. Only what a provider has certainly not taken goes to the next one: after a lost answer
// (kUnsure) all of them are asked for the message first, and it waits until each has answered. What
// is refused for good is not offered to others.
class FallbackSender : public Sender {
 public:
  struct Provider {
    std::unique_ptr<Sender> sender;
    std::shared_ptr<Circuit> circuit;
  };
  explicit FallbackSender(std::vector<Provider> providers) : providers_(std::move(providers)) {}

  SendResult Send(const Outgoing& message) override;
  std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing& message) override;

 private:
  const std::vector<Provider> providers_;
};

}  // namespace gatehouse::notification
