#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/identity/domain/access_store.h"
#include "services/identity/domain/actor.h"
#include "services/identity/domain/factor.h"

namespace gatehouse::identity {

constexpr absl::Duration kRecoveryRepeat = absl::Seconds(30);
// After a sign-in: for what outlives the session.
constexpr absl::Duration kFreshSignIn = absl::Minutes(10);

// Recovery codes, which must not be lost: in PostgreSQL. Each method is atomic, each change audited
// and told to the client.
class RecoveryStore {
 public:
  virtual ~RecoveryStore() = default;
  // Makes these the codes of the caller's account. Refuses SIGN_IN_TOO_OLD where the caller's
  // session is older than kFreshSignIn.
  virtual absl::Status Replace(const std::vector<std::string>& code_hashes, const Call& call) = 0;
  struct Left {
    int remaining = 0;
    std::optional<absl::Time> create_time;
  };
  virtual absl::StatusOr<Left> Count(const std::string& organisation_id,
                                     const std::string& account_id) = 0;
  // Uses a code for this challenge, once; for the same challenge, for kRecoveryRepeat, again. False
  // where there is none.
  virtual absl::StatusOr<bool> Use(const Subject& subject, const std::string& account_id,
                                   const std::string& code_hash, const std::string& challenge_id,
                                   const Call& call) = 0;
  // Takes the passwords, codes and passkeys of the account, and of any other one of the same
  // contact, away, and ends the sessions that enter what is theirs, whose ids it returns.
  virtual absl::StatusOr<std::vector<std::string>> ResetFactors(const Subject& subject,
                                                                const std::string& account_id,
                                                                const Actor& actor,
                                                                const Call& call) = 0;
};

}  // namespace gatehouse::identity
