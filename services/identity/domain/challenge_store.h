#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/identity/domain/factor.h"

namespace gatehouse::identity {

// Challenges, which may be lost: in Redis. Each method is atomic.
class ChallengeStore {
 public:
  virtual ~ChallengeStore() = default;

  struct Started {
    Challenge challenge;
    int send_number = 0;  // Which send of this challenge is due now; 0: none.
  };
  // The live challenge of the same link and destination, or a new one under `challenge_id`: where
  // there is none, and where a code that is sent now would not live for kLeastLife. Counts a send
  // where one is due; none is where `challenge_id` was started before. Refuses CODE_LIMIT_REACHED,
  // and CODES_HELD_BACK for a new one, with the wait.
  virtual absl::StatusOr<Started> Start(const std::string& challenge_id, const Subject& subject,
                                        const std::string& code_mac,
                                        const std::string& client_address, absl::Time now) = 0;
  // The same for a known challenge, and never a new one. Refuses CHALLENGE_EXPIRED, also where the
  // code could not live for kLeastLife, and CHALLENGE_LOCKED.
  virtual absl::StatusOr<Started> Resend(const std::string& challenge_id, const Subject& subject,
                                         const std::string& client_address, absl::Time now) = 0;
  // Says that a send was handed over. Until then it is due again for whoever starts or resends,
  // under the same number: a process may die, or an answer be lost, between the two.
  // May be lost: then the same send is handed over once more.
  virtual void Confirm(const Started& started) = 0;
  // Takes a send back that was refused, once and unless it was confirmed; the first one takes the
  // challenge along.
  virtual absl::Status Cancel(const Started& started, const Subject& subject) = 0;
  // Forgets what an organisation has sent to a number, so that it may send again. What all together
  // have sent stays.
  virtual absl::Status Forgive(const std::string& organisation_id, const std::string& mobile) = 0;
  // Forgets which numbers were sent codes that nobody proved, of a country or an address by its key
  // (HeldBack): codes go out again.
  virtual absl::Status ForgetOwed(const std::string& key) = 0;
  // Refuses CHALLENGE_EXPIRED.
  virtual absl::StatusOr<Subject> Find(const std::string& challenge_id) = 0;
  struct Verified {
    Subject subject;
    std::optional<int> attempts_left;  // Of a wrong code; nothing for the right one.
  };
  // Counts the attempt, compares, consumes, in that order. Where the right code came with a
  // `nonce_mac` it is right again with the same one for half a minute, unless kWrongRepeats others
  // were tried meanwhile. Refuses CHALLENGE_LOCKED and CHALLENGE_EXPIRED.
  virtual absl::StatusOr<Verified> Verify(const std::string& challenge_id,
                                          const std::string& code_mac, const std::string& nonce_mac,
                                          absl::Time now) = 0;
};

}  // namespace gatehouse::identity
