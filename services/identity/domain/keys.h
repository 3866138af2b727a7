#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"
#include "services/common/base/clock.h"
#include "services/common/base/page.h"
#include "services/common/base/secret.h"
#include "services/identity/domain/actor.h"
#include "services/identity/domain/credentials.h"

namespace gatehouse::identity {

constexpr absl::Duration kStaffTokenLife = absl::Minutes(15);
constexpr absl::Duration kRotationOverlap = absl::Hours(24);

struct ApiKey {
  std::string api_key_id, display_name;
  std::vector<std::string> scopes, ancestors;
  Actor actor;             // As whom it acts; no id: as itself.
  int64_t generation = 0;  // Counts the rotations.
  absl::Time create_time, expire_time = absl::InfiniteFuture();
  absl::Time last_use_time = absl::InfinitePast(), revoke_time = absl::InfiniteFuture();
};

struct StaffToken {
  std::string staff_token_id;
  std::vector<std::string> ancestors;  // An API key is the first.
  Actor actor;
  std::vector<std::string> scopes;
  absl::Time expire_time;
};

// API keys and staff tokens, in PostgreSQL. Each method is atomic and audited; all but Find are
// about the caller's organisation.
class KeyStore {
 public:
  virtual ~KeyStore() = default;
  virtual absl::Status AddApiKey(const ApiKey& key, const std::string& secret_hash,
                                 const Call& call) = 0;
  virtual absl::StatusOr<std::vector<ApiKey>> ListApiKeys(const std::string& organisation_id,
                                                          const Page& page) = 0;
  // Ends the key, and with it all that it minted. Harmless to repeat. Refuses NOT_FOUND.
  virtual absl::StatusOr<ApiKey> RevokeApiKey(const std::string& api_key_id, const Call& call) = 0;

  struct Rotation {
    std::string secret_hash;
    absl::Time earlier_expire_time;  // Of the secret that it replaces.
  };
  using Decide = std::function<absl::StatusOr<Rotation>(const ApiKey&)>;
  // Loads the key, and makes the next generation of what `decide` says; the key as it is then.
  // Refuses NOT_FOUND, also for one that has ended.
  virtual absl::StatusOr<ApiKey> RotateApiKey(const std::string& api_key_id, const Decide& decide,
                                              const Call& call) = 0;
  virtual absl::Status AddStaffToken(const StaffToken& token, const std::string& secret_hash,
                                     const Call& call) = 0;
  // The same, with all that it minted. Whether the organisation has it at all, live or ended.
  virtual absl::StatusOr<bool> RevokeStaffToken(const std::string& staff_token_id,
                                                const Call& call) = 0;
  // Whom a live API key or staff token stands for; nothing if it is unknown or has ended, by itself
  // or with one that it was minted by.
  virtual absl::StatusOr<std::optional<Credential>> FindKey(const ParsedKey& key) = 0;
};

// Minting and rotating; what a credential may give away is in delegation.h.
class Keys {
 public:
  // `derivation_key` is what the secrets of keys and tokens are derived from.
  Keys(KeyStore& store, Secret derivation_key, const Clock& clock)
      : store_(store), key_(std::move(derivation_key)), clock_(clock) {}

  struct MintedToken {
    StaffToken token;
    Secret text;
  };
  absl::StatusOr<MintedToken> MintStaffToken(const Actor& actor,
                                             const std::vector<std::string>& scopes,
                                             absl::Duration life, const Call& call);
  struct MintedKey {
    ApiKey key;
    Secret text;
  };
  absl::StatusOr<MintedKey> MintApiKey(const std::string& display_name,
                                       const std::vector<std::string>& scopes, absl::Duration life,
                                       const Call& call);
  // Gives the key its next secret; the one of now serves for `overlap`.
  absl::StatusOr<MintedKey> Rotate(const std::string& api_key_id, absl::Duration overlap,
                                   const Call& call);

  // The first key of an organisation, which nothing minted.
  NewKey First() const;

 private:
  KeyStore& store_;
  const Secret key_;
  const Clock& clock_;
};

}  // namespace gatehouse::identity
