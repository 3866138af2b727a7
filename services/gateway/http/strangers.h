#pragma once

#include <map>
#include <mutex>
#include <string>

#include "absl/time/time.h"

namespace gatehouse::gateway {

// Which names (credentials as their hashes, origins) identity is asked about, of those whose answer
// is not known: one that was good before, always; one that was not, not again for a few seconds;
// any other, as often as its address may ask. So whoever makes names up costs identity little, and
// those whom it knows nothing. Thread-safe, and bounded.
class Strangers {
 public:
  struct Limits {
    double asks_per_address = 300;  // At once,
    double asks_per_second = 10;    // and so many come back each second.
    absl::Duration miss_life = absl::Seconds(5);
    absl::Duration good_life = absl::Hours(1);
    size_t names = 50000, addresses = 10000;
  };
  explicit Strangers(Limits limits) : limits_(limits) {}

  enum class Ask {
    kKnown,     // Ask before others: it was good.
    kStranger,  // Ask.
    kMissed,    // Do not: it was not good a moment ago.
    kTooOften,  // Do not: its address has asked too often.
  };
  Ask MayAsk(const std::string& name, const std::string& address, absl::Time now);
  // What was good is not counted.
  void WasGood(const std::string& name, const std::string& address, absl::Time now);
  void WasMissed(const std::string& name, absl::Time now);

 private:
  struct Bucket {
    double asks = 0;
    absl::Time at;
  };
  using Names = std::map<std::string, absl::Time>;  // With until when.
  double AsksOf(const Bucket& bucket, absl::Time now) const;
  static bool Holds(Names& names, const std::string& name, absl::Time now);
  void Insert(Names& names, const std::string& name, absl::Time now, absl::Time until) const;

  const Limits limits_;
  std::mutex mutex_;
  Names good_, missed_;
  std::map<std::string, Bucket> buckets_;
};

}  // namespace gatehouse::gateway
