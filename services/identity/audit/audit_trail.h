#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "services/common/base/wakeup.h"
#include "services/identity/audit/store/postgres_audit_chain.h"

namespace gatehouse::identity {

constexpr int kAuditVerifiedMax = 10000;  // Rows, in one call.

// What AuditTrail::Verify() found: as the contract's AuditVerification.
struct AuditVerification {
  int64_t first_number = 0, last_number = 0, head_number = 0;
  std::string last_hash;
  std::optional<BrokenLink> broken_link;
  int waiting = 0;
};

// Looks whether the chain is whole after this row, kAuditVerifiedMax rows at most. `after_hash` is
// that row's, as somebody noted it; empty: as it is kept.
absl::StatusOr<AuditVerification> VerifyAuditTrail(PostgresAuditChain& chain,
                                                   const std::string& organisation_id,
                                                   int64_t after_number,
                                                   const std::string& after_hash);

// Extends the chains of all organisations, on a thread of its own, two seconds after a row was
// written at the latest. Any number of replicas may do so at once.
class AuditExtender {
 public:
  explicit AuditExtender(PostgresAuditChain& chain) : chain_(chain) {}
  ~AuditExtender();

  void Start();

 private:
  PostgresAuditChain& chain_;
  Wakeup wakeup_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace gatehouse::identity
