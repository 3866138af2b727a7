#include "services/gateway/http/strangers.h"

#include <algorithm>

namespace gatehouse::gateway {

bool Strangers::Holds(Names& names, const std::string& name, absl::Time now) {
  const auto found = names.find(name);
  if (found == names.end()) return false;
  if (now < found->second) return true;
  names.erase(found);
  return false;
}

// Where there are too many, those go that have ended, and if none has, all.
void Strangers::Insert(Names& names, const std::string& name, absl::Time now,
                       absl::Time until) const {
  if (names.size() >= limits_.names) {
    std::erase_if(names, [now](const auto& entry) { return entry.second <= now; });
  }
  if (names.size() >= limits_.names) names.clear();
  names[name] = until;
}

double Strangers::AsksOf(const Bucket& bucket, absl::Time now) const {
  const double more = limits_.asks_per_second * absl::ToDoubleSeconds(now - bucket.at);
  return std::min(limits_.asks_per_address, bucket.asks + more);
}

Strangers::Ask Strangers::MayAsk(const std::string& name, const std::string& address,
                                 absl::Time now) {
  const std::lock_guard lock(mutex_);
  if (Holds(good_, name, now)) return Ask::kKnown;
  if (Holds(missed_, name, now)) return Ask::kMissed;
  if (buckets_.size() >= limits_.addresses && buckets_.count(address) == 0) {
    std::erase_if(buckets_, [&](const auto& entry) {
      return AsksOf(entry.second, now) >= limits_.asks_per_address;
    });
    // All of them ask without end: nobody is told apart any more.
    if (buckets_.size() >= limits_.addresses) buckets_.clear();
  }
  Bucket& bucket =
      buckets_.try_emplace(address, Bucket{limits_.asks_per_address, now}).first->second;
  bucket = {AsksOf(bucket, now), now};
  if (bucket.asks < 1) return Ask::kTooOften;
  --bucket.asks;
  return Ask::kStranger;
}

void Strangers::WasGood(const std::string& name, const std::string& address, absl::Time now) {
  const std::lock_guard lock(mutex_);
  missed_.erase(name);
  const auto bucket = buckets_.find(address);
  if (bucket != buckets_.end()) ++bucket->second.asks;
  Insert(good_, name, now, now + limits_.good_life);
}

void Strangers::WasMissed(const std::string& name, absl::Time now) {
  const std::lock_guard lock(mutex_);
  good_.erase(name);
  Insert(missed_, name, now, now + limits_.miss_life);
}

}  // namespace gatehouse::gateway
