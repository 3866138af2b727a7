#include "services/gateway/http/in_flight.h"

namespace gatehouse::gateway {

InFlight::Place::Place(InFlight& all, const std::string& caller) : all_(all) {
  const std::lock_guard lock(all_.mutex_);
  if (all_.all_.requests >= all_.limits_.requests || !Enter("address " + caller)) return;
  ++all_.all_.requests;
  ok_ = true;
}

// With the lock.
bool InFlight::Place::Enter(const std::string& caller) {
  Use& use = all_.per_caller_[caller];
  if (use.requests >= all_.limits_.requests_per_caller ||
      use.bytes + bytes_ > all_.limits_.bytes_per_caller) {
    return false;
  }
  ++use.requests;
  use.bytes += bytes_;
  callers_.push_back(caller);
  return true;
}

bool InFlight::Place::Identify(const std::string& credential) {
  const std::lock_guard lock(all_.mutex_);
  if (!credential.empty()) return Enter("credential " + credential);
  return all_.all_.requests <= all_.limits_.requests / 4 * 3;
}

bool InFlight::Place::Hold(int64_t bytes) {
  const std::lock_guard lock(all_.mutex_);
  const int64_t more = bytes - bytes_;
  bool room = all_.all_.bytes + more <= all_.limits_.bytes;
  for (const std::string& caller : callers_) {
    room = room && all_.per_caller_[caller].bytes + more <= all_.limits_.bytes_per_caller;
  }
  if (more > 0 && !room) return false;
  for (const std::string& caller : callers_) all_.per_caller_[caller].bytes += more;
  all_.all_.bytes += more;
  bytes_ = bytes;
  return true;
}

InFlight::Place::~Place() {
  const std::lock_guard lock(all_.mutex_);
  for (const std::string& caller : callers_) {
    const auto use = all_.per_caller_.find(caller);
    use->second.bytes -= bytes_;
    if (--use->second.requests == 0) all_.per_caller_.erase(use);
  }
  all_.all_.bytes -= bytes_;
  if (ok_) --all_.all_.requests;
}

int InFlight::requests() const {
  const std::lock_guard lock(mutex_);
  return all_.requests;
}

int64_t InFlight::bytes() const {
  const std::lock_guard lock(mutex_);
  return all_.bytes;
}

}  // namespace gatehouse::gateway
