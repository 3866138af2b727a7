#include "services/gateway/http/connection_table.h"

#include <tuple>

#include "services/common/text/network.h"
#include "services/gateway/http/forwarded.h"

namespace gatehouse::gateway {

std::shared_ptr<ConnectionTable::Entry> ConnectionTable::Enter(const std::string& address,
                                                               std::function<void()> close) {
  auto entry = std::make_shared<Entry>();
  entry->network_ = limits_.is_proxy(address) ? "" : NetworkOf(address);
  entry->close_ = std::move(close);
  const std::lock_guard lock(mutex_);
  const auto of_network = per_network_.find(entry->network_);
  const bool share_is_full = !entry->network_.empty() && of_network != per_network_.end() &&
                             of_network->second >= limits_.per_address;
  if (share_is_full && !MakeRoom(&entry->network_)) return nullptr;
  const bool full = static_cast<int>(entries_.size()) >= limits_.all;
  if (full && !MakeRoom(nullptr)) return nullptr;
  entries_.insert(entry);
  ++per_network_[entry->network_];
  return entry;
}

// Among those of this network, or of all.
bool ConnectionTable::MakeRoom(const std::string* network) {
  std::shared_ptr<Entry> longest;
  std::tuple<bool, bool, int64_t> best;
  for (const std::shared_ptr<Entry>& entry : entries_) {
    if (network != nullptr && entry->network_ != *network) continue;
    const int64_t since = entry->waiting_since_;
    const auto rank = std::tuple(entry->network_.empty(), entry->signed_in_.load(), since);
    if (since == 0 || (longest != nullptr && rank >= best)) continue;
    longest = entry;
    best = rank;
  }
  if (longest == nullptr) return false;
  Remove(longest);
  longest->close_();
  return true;
}

void ConnectionTable::Remove(const std::shared_ptr<Entry>& entry) {
  if (entries_.erase(entry) == 0) return;
  const auto count = per_network_.find(entry->network_);
  if (--count->second == 0) per_network_.erase(count);
}

void ConnectionTable::Leave(const std::shared_ptr<Entry>& entry) {
  const std::lock_guard lock(mutex_);
  Remove(entry);
}

int ConnectionTable::open() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(entries_.size());
}

}  // namespace gatehouse::gateway
