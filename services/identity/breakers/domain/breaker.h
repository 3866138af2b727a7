#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"
#include "services/common/base/page.h"

namespace gatehouse::identity {

// Numbers that were sent a code which nobody proved, by organisation: so many at least are let be,
// whatever was proved. v1::CodeBreakers says the whole rule, docs/adr/0057 why it is this one.
struct Budget {
  int an_hour, a_day;
};
constexpr Budget kOfCountry = {10, 20}, kOfAddress = {5, 10};
constexpr int kUnderWay = 500;  // Whose code still lives.

// What held codes back: a country, or an address.
struct HeldBack {
  std::string organisation_id;
  std::string key;  // What its counts are known by: a keyed hash.
  std::string country, client_address;
};

struct Breaker {
  std::string breaker_id, country, client_address;
  absl::Time open_time, last_time;
  std::optional<absl::Time> reset_time;
};

// What breakers did, which staff see. Each method is atomic.
class BreakerStore {
 public:
  virtual ~BreakerStore() = default;
  // Keeps that codes were held back, in the audit trail when that begins.
  virtual absl::Status Note(const HeldBack& held, const Call& call) = 0;
  virtual absl::StatusOr<std::vector<Breaker>> List(const std::string& organisation_id,
                                                    const Page& page) = 0;
  // Notes that staff have reset it, once, and has `forget` drop the counts of its key before that
  // is kept. Refuses NOT_FOUND.
  using Forget = std::function<absl::Status(const std::string& key)>;
  virtual absl::StatusOr<Breaker> Reset(const std::string& breaker_id, const Forget& forget,
                                        const Call& call) = 0;
};

}  // namespace gatehouse::identity
