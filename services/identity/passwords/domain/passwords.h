#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/base/secret.h"
#include "services/identity/domain/challenges.h"
#include "services/identity/passkeys/domain/passkeys.h"
#include "services/identity/passwords/domain/password_hash.h"
#include "services/identity/passwords/domain/password_rules.h"
#include "services/identity/passwords/domain/password_store.h"

namespace gatehouse::identity {

// Whether a client has a password; the numbers are the contract's (v1::PasswordStanding).
enum class PasswordStanding { kNone = 1, kHere = 2, kElsewhere = 3 };

// Signing in by a password.
//
// An address has one salt, derived from it, wherever it has passwords: one hash is compared with
// all of them, and one is made for an address that is nobody's. What is kept is a MAC of that under
// a key of ours, with its organisation and account: equal passwords do not look equal there, and
// without the key none can be guessed.
class Passwords {
 public:
  struct Parts {
    PasswordStore& store;
    PasswordLimits& limits;
    PasswordHash& hash;
    ResetMailer& mailer;
    const BlockedPasswords& blocked;
    Challenges& challenges;
    AccessStore& access;
    Secret key;
    const Clock& clock;
    Challenges::Later later;
    Passkeys& passkeys;
  };
  explicit Passwords(Parts parts) : parts_(std::move(parts)) {}

  absl::StatusOr<PasswordStanding> LookUp(const std::string& organisation_id,
                                          const std::string& contact_id, const std::string& mobile,
                                          const std::string& email);

  struct Attempt {
    std::optional<Subject> link;  // Of who comes by a link; otherwise:
    std::string organisation_id, email;
    std::string password;  // As it was typed.
    Secret session_token;  // Of the session that the client is in already; empty: none.
    bool then_sms_code = false, create = false;
    std::string passkey_portal_url;  // Whose passkey takes the place of the code; empty: none does.
  };
  using Entry = std::variant<Challenges::Entered, Challenge, Passkeys::Begun>;
  // The refusals are the contract's.
  absl::StatusOr<Entry> Enter(Attempt attempt, const Call& call);

  // Later, and by whatever address: nothing tells.
  void RequestReset(const std::string& organisation_id, const std::string& email,
                    const std::string& portal_url, const std::string& organisation_name);
  // The ids of the sessions that ended.
  absl::StatusOr<std::vector<std::string>> Reset(const std::string& token, const std::string& typed,
                                                 bool beside_a_code,
                                                 const std::string& organisation_name,
                                                 const Call& call);

  struct Replacement {
    std::string account_id, session_id;  // Whose, and the session that goes on.
    std::string current_password, password;
    bool beside_a_code = false;
    std::string organisation_name;
  };
  // By who knows the password that there is. The ids of the sessions that ended.
  absl::StatusOr<std::vector<std::string>> Change(const Replacement& wanted, const Call& call);

  // Lets only this address's password enter by the subject's invitation from now on. The ids of the
  // sessions that ended.
  absl::StatusOr<std::vector<std::string>> RebindAddress(const Subject& subject,
                                                         const std::string& actor_name,
                                                         const Call& call);

 private:
  std::string EmailKeyOf(const std::string& email) const;
  // Of the address's failures in a row, known or not.
  static FactorKey LockOf(const std::string& organisation_id, const std::string& email_key);
  absl::StatusOr<std::string> TagOf(const std::string& email_key, const std::string& password);
  std::string VerifierOf(const PasswordKey& key, const std::string& tag) const;
  bool Verifies(const StoredPassword& stored, const std::string& tag) const;
  std::string PhoneOf(const Subject& subject) const;
  absl::StatusOr<int64_t> ResetsOf(const Subject& subject);

  absl::StatusOr<std::vector<StoredPassword>> Prove(const Attempt& attempt,
                                                    const std::string& email_key,
                                                    const std::string& tag, const Call& call);
  absl::StatusOr<std::vector<StoredPassword>> ProveByLink(const Attempt& attempt,
                                                          const StoredPassword& mine,
                                                          const std::string& tag, const Call& call);
  absl::StatusOr<Entry> Admit(const Attempt& attempt, std::vector<StoredPassword> proven,
                              const Call& call);
  // What is to follow the password: a passkey where it is wanted and there is one, else a code.
  absl::StatusOr<Entry> AskForMore(const Attempt& attempt, const Subject& subject,
                                   const Call& call);
  absl::Status MailReset(const StoredPassword& stored, const std::string& portal_url,
                         const std::string& organisation_name);

  const Parts parts_;
};

}  // namespace gatehouse::identity
