#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"
#include "services/common/base/clock.h"
#include "services/common/base/secret.h"

namespace gatehouse::identity {

constexpr absl::Duration kCodeLife = absl::Minutes(5);
constexpr absl::Duration kLeastLife = absl::Minutes(3);  // Of a code that has just been sent.
constexpr absl::Duration kLongestLife = absl::Minutes(10);
constexpr absl::Duration kCoolDown = absl::Seconds(60);
constexpr int kTries = 5;
constexpr int kCodesAnHour = 5, kCodesADay = 10;  // For a number, by one organisation.
constexpr int kCodesADayByAll = 30;               // For a number, by all organisations together.
constexpr int kCodesAMinute = 100;                // For a client's address.
constexpr absl::Duration kDoubleSubmit = absl::Seconds(30);
constexpr int kWrongRepeats = 3;  // That end the time for a double submit.

// What a challenge is about: it stays with the challenge, sealed.
struct Subject {
  std::string organisation_id, link_id, mobile, email;
  std::string organisation_name, portal_host, contact_name;
  CaseAccess access;
  std::string owner_email;  // Who is sent the code too; empty: nobody.
  bool settled = false;     // Whoever asked has nothing to record at the entry.
};

struct Challenge {
  std::string challenge_id;
  absl::Time expire_time, resend_time;
};

// Who proves himself with what: the account of an e-mail address, and a number as a keyed hash.
struct FactorKey {
  std::string organisation_id, account_id, factor_id;
};

struct Factor {
  absl::Time locked_until = absl::InfinitePast();
  bool disabled = false;
};

// A signed-in client.
struct Session {
  std::string session_id, user_agent, client_address;
  std::vector<std::string> case_ids;
  absl::Time create_time, last_use_time, expire_time;
};

struct NewSession {
  std::string session_id;
  std::string token_hash;
  FactorKey factor;
  Subject subject;
};

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
  // with the wait.
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

// What must not be lost: in PostgreSQL.
class AccessStore {
 public:
  virtual ~AccessStore() = default;
  // Refuses ACCESS_REVOKED where the invitation's access has ended.
  virtual absl::StatusOr<Factor> FindFactor(const FactorKey& key,
                                            const std::string& invitation_id) = 0;
  // Counts a failure and locks or disables as LockoutAfter() says.
  virtual absl::Status CountFailure(const FactorKey& key) = 0;
  // Makes the grant and the session, with their audit row, and forgets the factor's failures: all
  // or nothing, and the same session where it was made before. Refuses SIGN_IN_LOCKED,
  // SIGN_IN_DISABLED and ACCESS_REVOKED.
  virtual absl::StatusOr<Session> Enter(const NewSession& session, const Call& call) = 0;
  // Ends a factor's lock, and forgets its failures.
  virtual absl::Status Unlock(const FactorKey& key, const std::string& actor_id,
                              const Call& call) = 0;
};

// Hands a code's messages to notification: the SMS, and the e-mail to the case's owner.
class Messenger {
 public:
  virtual ~Messenger() = default;
  virtual absl::Status SendCode(const Subject& subject, const std::string& request_id,
                                const Secret& code, absl::Time expire_time) = 0;
};

absl::Status LockedUntil(const Factor& factor, absl::Time now);

// The six digits of what somebody typed as a code. Refuses CODE_MALFORMED.
absl::StatusOr<std::string> ReadCode(const std::string& typed);

// Signing in: challenges, and the sessions that they lead to.
class Challenges {
 public:
  Challenges(ChallengeStore& challenges, AccessStore& access, Messenger& messenger, Secret key,
             const Clock& clock)
      : challenges_(challenges),
        access_(access),
        messenger_(messenger),
        key_(std::move(key)),
        clock_(clock) {}

  absl::StatusOr<Challenge> Start(const Subject& subject, const Call& call);
  // The same ahead of the client, once for a `request_id` and not after `expire_time`; what is
  // refused is not sent.
  absl::Status Offer(const Subject& subject, const std::string& request_id, absl::Time expire_time,
                     const Call& call);
  absl::StatusOr<Challenge> Resend(const std::string& challenge_id, const Call& call);

  struct Entered {
    Session session;
    Secret token;
    Subject subject;
  };
  // `nonce` is what the client made for this attempt and will repeat with it; empty: nothing, and
  // then a second submit gets no second answer. A code that cannot be one costs no attempt.
  absl::StatusOr<Entered> Verify(const std::string& challenge_id, const std::string& typed,
                                 const std::string& nonce, const Call& call);
  // Lets whoever is locked out try again, and be sent codes again: staff have acted.
  absl::Status Unlock(const std::string& email, const std::string& mobile,
                      const std::string& actor_id, const Call& call);

  FactorKey KeyOf(const std::string& organisation_id, const std::string& email,
                  const std::string& mobile) const;

 private:
  Secret CodeOf(const std::string& challenge_id) const;
  std::string MacOf(const std::string& challenge_id, const std::string& code) const;
  std::string NonceMacOf(const std::string& challenge_id, const std::string& nonce) const;
  absl::Status CheckFactor(const Subject& subject);
  absl::StatusOr<Challenge> StartAs(const std::string& id, const Subject& subject,
                                    const Call& call);
  absl::Status Send(const ChallengeStore::Started& started, const Subject& subject);

  ChallengeStore& challenges_;
  AccessStore& access_;
  Messenger& messenger_;
  const Secret key_;
  const Clock& clock_;
};

}  // namespace gatehouse::identity
