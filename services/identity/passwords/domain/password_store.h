#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/identity/domain/access_store.h"
#include "services/identity/domain/factor.h"

namespace gatehouse::identity {

// Whose password: an account's, under the address that it was made with, as a keyed hash.
struct PasswordKey {
  std::string organisation_id, email_key, account_id;
};

// A password as it is kept.
struct StoredPassword {
  PasswordKey key;
  std::string verifier;
  int64_t version = 0;   // Grows with each change.
  bool entered = false;  // Whether its account has entered anything; of FindAnywhere() alone.
  Subject subject;       // Who made it, by which invitation.
  bool told = false;     // Of a new one: a code by SMS follows, and tells the client.
};

// Passwords, which must not be lost: in PostgreSQL. Each method is atomic, each change audited.
class PasswordStore {
 public:
  virtual ~PasswordStore() = default;
  // Of an organisation's accounts under this address, oldest first, four at most.
  virtual absl::StatusOr<std::vector<StoredPassword>> Find(const std::string& organisation_id,
                                                           const std::string& email_key) = 0;
  // An account's. Refuses CURRENT_PASSWORD_WRONG where it has none.
  virtual absl::StatusOr<StoredPassword> FindOf(const std::string& organisation_id,
                                                const std::string& account_id) = 0;
  // Of all organisations', without the subjects: newest first, eight at most.
  virtual absl::StatusOr<std::vector<StoredPassword>> FindAnywhere(
      const std::string& email_key) = 0;
  // Adds a password, and takes away those that the account had under other addresses; the one that
  // there is where there is one already that its account has entered by: one that was given up
  // before that is replaced. The client is told of a new one by SMS. ABORTED where staff have reset
  // the account since it was begun.
  virtual absl::StatusOr<StoredPassword> Add(const StoredPassword& password, const Call& call) = 0;
  // Sets another one in the place of `version`, ends the account's sessions but for `kept_session`
  // (empty: all), whose ids it returns, and has the client told in the organisation's name. The
  // same again is the same. Refuses PASSWORD_RESET_EXPIRED where there is another one by now.
  virtual absl::StatusOr<std::vector<std::string>> Replace(const StoredPassword& password,
                                                           const std::string& kept_session,
                                                           const std::string& organisation_name,
                                                           const Call& call) = 0;
  // What a password's account may enter by it with this phone, newest first, eight at most.
  virtual absl::StatusOr<std::vector<CaseAccess>> ListGrants(const PasswordKey& key,
                                                             const std::string& phone_id) = 0;
  // Lets only the key's address enter by the subject's grant from now on. Of the grant's account,
  // and of the key's, it voids what was begun, takes passwords away that enter nothing any more,
  // and ends the sessions that hold the grant by another proof than a phone, whose ids it returns.
  // Said twice, it changes nothing.
  virtual absl::StatusOr<std::vector<std::string>> RebindAddress(const PasswordKey& key,
                                                                 const Subject& subject,
                                                                 const std::string& actor_name,
                                                                 const Call& call) = 0;
  // Forgets an address's failures in a row, and ends its lock.
  virtual absl::Status Forgive(const FactorKey& key) = 0;
};

// What may be lost: in Redis. Each method is atomic.
class PasswordLimits {
 public:
  virtual ~PasswordLimits() = default;
  // Counts one more try from a client's address. Refuses PASSWORD_LIMIT_REACHED, with the wait.
  virtual absl::Status CountTry(const std::string& client_address) = 0;
  // Counts one more wrong password for an address by a link, whichever organisation's; whether
  // passwords of elsewhere may still be tried for it today.
  virtual absl::StatusOr<bool> MayTryElsewhere(const std::string& email_key, bool count) = 0;
  // Keeps a link's meaning for half an hour; false where three were kept for it within the hour.
  virtual absl::StatusOr<bool> KeepReset(const std::string& token_hash, const PasswordKey& key,
                                         int64_t version) = 0;
  struct Reset {
    PasswordKey key;
    int64_t version = 0;
  };
  // Refuses PASSWORD_RESET_EXPIRED.
  virtual absl::StatusOr<Reset> FindReset(const std::string& token_hash) = 0;
};

// Mails links by which to choose another password.
class ResetMailer {
 public:
  virtual ~ResetMailer() = default;
  virtual absl::Status Mail(const Subject& subject, const std::string& organisation_name,
                            const Secret& link) = 0;
};

}  // namespace gatehouse::identity
