#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"

namespace gatehouse::identity {

// How a client proves who they are; the numbers are the contract's (v1::SignInMethod).
enum class SignInMethod { kSmsCode = 1, kEmailCode = 2 };

// A password that was right before (see v1::PasswordProof): what it led to counts while it is still
// the one. Of all cases of these accounts the session is; the first one enters.
struct PasswordProof {
  std::string email_key;
  std::vector<std::string> account_ids;
  int64_t version = 0;
};

// What a challenge is about: it stays with the challenge, sealed.
struct Subject {
  std::string organisation_id, link_id, mobile, email;
  std::string organisation_name, portal_host, contact_name;
  CaseAccess access;
  std::string owner_email;  // Who is sent the code too; empty: nobody.
  bool settled = false;     // Whoever asked has nothing to record at the entry.
  bool link_serves_many = false;
  SignInMethod method = SignInMethod::kSmsCode;
  bool decoy = false;  // Nobody is sent anything, and no proof is right: nobody must learn why.
  std::optional<PasswordProof> password;
  int64_t resets = 0;  // How often staff had reset the account's factors when it was begun.
  // What a confirmation is for, as its message says; empty: it signs in. Not kept.
  std::string purpose;

  // Where the proof's code goes, which the limits of codes are counted by.
  std::string Destination() const;
};

struct Challenge {
  std::string challenge_id;
  absl::Time expire_time, resend_time;
};

// A way in: something that a client has or knows. What is common to all (tries, times, limits,
// locks, the session) is Challenges' business.
class Factor {
 public:
  virtual ~Factor() = default;
  virtual SignInMethod method() const = 0;
  // Whether nobody may learn, from how long Begin() takes either, if anything was handed over.
  virtual bool is_silent() const { return false; }
  // With what the ids of its challenges begin (`chl` of `chl_…`), so that an id says whose it is.
  virtual std::string prefix() const = 0;
  // A right proof of this challenge, as the store keeps it: worth nothing to who reads it there.
  virtual std::string Expected(const std::string& challenge_id) const = 0;
  // Hands over what the client needs for the proof, such as a code, for the `number`th time; the
  // same number may come again, and then counts once.
  virtual absl::Status Begin(const Challenge& challenge, int number, const Subject& subject) = 0;
  // A proof that the client brought, in the form of Expected(), which it is then compared with once
  // the attempt was counted. Refuses what cannot be a proof: that costs no attempt.
  virtual absl::StatusOr<std::string> Check(const std::string& challenge_id,
                                            const std::string& proof) const = 0;
};

}  // namespace gatehouse::identity
