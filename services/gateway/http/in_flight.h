#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace gatehouse::gateway {

// The requests under way and the bytes that they hold, of their bodies and then of their answers:
// how many there may be of all, and of one caller, by address and by credential. The last quarter
// is for callers who are known.
// Thread-safe.
class InFlight {
 public:
  struct Limits {
    int requests = 2048;
    int requests_per_caller = 1024;
    int64_t bytes = 256 << 20;
    int64_t bytes_per_caller = 64 << 20;
  };

  explicit InFlight(Limits limits) : limits_(limits) {}

  // One request's part, until its end.
  class Place {
   public:
    // Under `caller`, an address. Look at ok().
    Place(InFlight& all, const std::string& caller);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    bool ok() const { return ok_; }
    // False: too many are under way for this caller, or for who is not known. `credential` is empty
    // for those.
    bool Identify(const std::string& credential);
    // Makes the bytes that it holds these. False: it may not hold more than it does.
    bool Hold(int64_t bytes);

   private:
    bool Enter(const std::string& caller);

    InFlight& all_;
    std::vector<std::string> callers_;
    int64_t bytes_ = 0;
    bool ok_ = false;
  };

  int requests() const;
  int64_t bytes() const;

 private:
  struct Use {
    int requests = 0;
    int64_t bytes = 0;
  };
  const Limits limits_;
  mutable std::mutex mutex_;
  Use all_;
  std::map<std::string, Use> per_caller_;
};

}  // namespace gatehouse::gateway
