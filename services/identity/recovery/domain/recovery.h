#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/base/clock.h"
#include "services/common/base/secret.h"
#include "services/identity/domain/challenges.h"
#include "services/identity/recovery/domain/recovery_store.h"

namespace gatehouse::identity {

// What a client enters with who has lost a factor. The refusals are the contract's.
class Recovery {
 public:
  Recovery(RecoveryStore& store, AccessStore& access, const Challenges& challenges, Secret key,
           const Clock& clock)
      : store_(store),
        access_(access),
        challenges_(challenges),
        key_(std::move(key)),
        clock_(clock) {}

  // New codes for the calling client.
  absl::StatusOr<std::vector<std::string>> Create(const Call& call);
  absl::StatusOr<Challenges::Entered> Enter(const std::string& challenge_id,
                                            const std::string& typed, const Secret& session_token,
                                            const Call& call);
  // Of all accounts of the subject's contact. The ids of the sessions that ended.
  absl::StatusOr<std::vector<std::string>> ResetFactors(const Subject& subject, const Actor& actor,
                                                        const Call& call);

 private:
  std::string HashOf(const std::string& organisation_id, const std::string& account_id,
                     const std::string& code) const;
  std::string Derived(const std::string& what, const std::string& challenge_id,
                      const std::string& hash) const;

  RecoveryStore& store_;
  AccessStore& access_;
  const Challenges& challenges_;
  const Secret key_;
  const Clock& clock_;
};

}  // namespace gatehouse::identity
