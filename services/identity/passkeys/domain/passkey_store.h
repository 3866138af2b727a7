#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/identity/domain/access_store.h"
#include "services/identity/domain/factor.h"
#include "services/identity/passkeys/domain/webauthn.h"

namespace gatehouse::identity {

constexpr int kPasskeysMax = 10;  // Of an account.

// A passkey as its client sees it.
struct Passkey {
  std::string passkey_id, display_name, host;
  bool is_backed_up = false;
  absl::Time create_time;
  std::optional<absl::Time> last_use_time;
};

// As it is kept.
struct StoredPasskey {
  Passkey shown;
  std::string account_id;
  PasskeyPublic key;
  Subject subject;  // Whose it is, as known when it was registered; the e-mail address as of now.
  std::string proven_by;  // The factor that had proven the session in which that was.
};

struct NewPasskey {
  StoredPasskey passkey;
  std::string session_id;  // That it was begun in, which goes on.
  std::string proven_by;   // The factor that had proven that session.
};

// An entry by a passkey, beside what any entry has.
struct PasskeyEntry {
  std::string account_id, passkey_id;
  uint32_t counter = 0;
  bool enters_all = false;  // The account's other cases too, eight in all.
};

// Passkeys, which must not be lost: in PostgreSQL. Each method is atomic; each that is added or
// removed is audited and told to the client, and ends the account's other sessions, whose ids are
// answered.
class PasskeyStore {
 public:
  virtual ~PasskeyStore() = default;
  // A signed-in client who is about to add one.
  struct Holder {
    std::string proven_by;  // The factor that has proven the session.
    int64_t resets = 0;
    int passkeys = 0;  // That there are.
  };
  // Refuses SIGN_IN_TOO_OLD where the session is older than kFreshSignIn, and CREDENTIAL_INVALID.
  virtual absl::StatusOr<Holder> FindHolder(const std::string& organisation_id,
                                            const std::string& account_id,
                                            const std::string& session_id) = 0;
  // Refuses TOO_MANY_PASSKEYS, PASSKEY_EXISTS, and CHALLENGE_EXPIRED where the session has ended,
  // or staff have reset the account since it was begun (Subject::resets).
  virtual absl::StatusOr<std::vector<std::string>> Add(const NewPasskey& added,
                                                       const Call& call) = 0;
  // Of an account, oldest first.
  virtual absl::StatusOr<std::vector<Passkey>> List(const std::string& organisation_id,
                                                    const std::string& account_id) = 0;
  // Of the caller's account. Both refuse NOT_FOUND.
  virtual absl::StatusOr<Passkey> Rename(const std::string& passkey_id,
                                         const std::string& display_name, const Call& call) = 0;
  virtual absl::StatusOr<std::vector<std::string>> Remove(const std::string& passkey_id,
                                                          const Call& call) = 0;
  // The ids of an account's credentials at a host: of those that this factor had proven, or all.
  virtual absl::StatusOr<std::vector<std::string>> ListCredentials(
      const std::string& organisation_id, const std::string& account_id, const std::string& host,
      const std::string& proven_by = "") = 0;
  // By its credential at a host; nothing: there is none.
  virtual absl::StatusOr<std::optional<StoredPasskey>> Find(const std::string& organisation_id,
                                                            const std::string& host,
                                                            const std::string& credential_id) = 0;
  // What an account may enter with this phone, newest first, eight at most.
  virtual absl::StatusOr<std::vector<CaseAccess>> ListGrants(const std::string& organisation_id,
                                                             const std::string& account_id,
                                                             const std::string& phone_id) = 0;
  // Notes the use, and enters as AccessStore::Enter does, in one transaction. Refuses as that does,
  // PASSKEY_UNKNOWN where it was removed just now, and PASSKEY_COUNTER_WENT_BACK, which is noted.
  virtual absl::StatusOr<Session> Enter(const NewSession& session, const PasskeyEntry& entry,
                                        const Call& call) = 0;
  // Notes the use alone, of the subject's. Refuses PASSKEY_UNKNOWN and PASSKEY_COUNTER_WENT_BACK.
  virtual absl::Status Use(const Subject& subject, const PasskeyEntry& entry, const Call& call) = 0;
};

constexpr absl::Duration kPasskeyCeremony = absl::Minutes(5);
constexpr int kCeremoniesAMinute = 100;  // For a client's address.

// A ceremony that was begun.
struct BegunCeremony {
  std::string organisation_id, origin, host;
  std::string account_id;             // Whose passkey; empty: whoever's.
  std::string session_id, proven_by;  // Of one that creates: where it was begun. Otherwise empty.
  std::optional<Subject> subject;     // Whose it is, and what it enters.
};

// Ceremonies, which may be lost: in Redis. Each method is atomic.
class PasskeyCeremonies {
 public:
  virtual ~PasskeyCeremonies() = default;
  // Keeps it for kPasskeyCeremony. Refuses PASSKEY_LIMIT_REACHED, with the wait.
  virtual absl::Status Keep(const std::string& challenge_id, const BegunCeremony& ceremony,
                            const std::string& client_address) = 0;
  // Takes it: it serves once. Refuses CHALLENGE_EXPIRED.
  virtual absl::StatusOr<BegunCeremony> Take(const std::string& challenge_id) = 0;
};

}  // namespace gatehouse::identity
