#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gatehouse/identity/v1/principals.pb.h"
#include "services/common/base/caller.h"
#include "services/common/base/clock.h"
#include "services/common/base/secret.h"

namespace gatehouse {

class Redis;

// Answers that say nothing but what a principal says, by RPC: they live and end with it.
// Thread-safe.
class PrincipalAnswers {
 public:
  // Empty: none is known.
  std::string Find(const std::string& rpc) const;
  void Keep(const std::string& rpc, const std::string& answer) const;

 private:
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::string> answers_;
};

// What a credential was exchanged for: the principal token (a JWT signed by identity with EdDSA)
// and what it says.
struct Principal {
  Principal() = default;
  Principal(Caller caller, std::string token, absl::Time expires_at)
      : caller(std::move(caller)), token(std::move(token)), expires_at(expires_at) {}
  Caller caller;
  std::string token;
  absl::Time expires_at;
  PrincipalAnswers answers;
};

// Turns what a caller brought into a principal, with a cache. Credentials are an operator key, an
// API key, a staff token, a session token, or a principal token itself. Thread-safe.
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // Refuses UNAUTHENTICATED with CREDENTIAL_INVALID where identity, or a key that it published,
  // says so; blocks when identity must be asked. UNAVAILABLE where it cannot be: who reads 401
  // signs its user out.
  virtual absl::StatusOr<std::shared_ptr<const Principal>> Authenticate(
      const Secret& credential) = 0;
  // The same from the cache alone: null where identity would have to be asked.
  virtual std::shared_ptr<const Principal> Cached(const Secret& credential) = 0;

  // Drops what is cached of this credential: identity is asked when it is brought again.
  virtual void Forget(const Secret&) {}

  // Whether what the caller stands on was revoked within the last minute.
  virtual bool IsRevoked(const Caller&) { return false; }
  // Who is told the ids of each revocation before it is acknowledged; null: nobody any more.
  using RevocationHook = std::function<void(const std::vector<std::string>& ids)>;
  virtual void OnRevoked(RevocationHook) {}
};

// Where principals and keys come from: identity, by RPC or, in identity itself, by a plain call.
struct PrincipalSource {
  std::function<absl::StatusOr<identity::v1::ExchangeCredentialResponse>(const Secret&)> exchange;
  std::function<absl::StatusOr<identity::v1::ListSigningKeysResponse>()> keys;
};

// An authenticator with a cache. An entry lives 60 seconds at most and never longer than its token;
// so do the signing keys, so that one that is not trusted any more is forgotten in an idle process,
// too. But it counts only while revocations are heard (see Heard): where nobody can say that there
// was none, what identity said five seconds ago is not believed any more. What is no credential is
// remembered for ten seconds. Whoever was good within the last hour is always asked about; of the
// others four at once, so that a flood of inventions takes neither the threads nor identity from
// those who are signed in: UNAVAILABLE is what is said to one too many. Revoked ids empty what the
// cache holds of them at once, and an exchange that was under way meanwhile is not cached.
class CachingAuthenticator : public Authenticator {
 public:
  CachingAuthenticator(PrincipalSource source, const Clock& clock);
  ~CachingAuthenticator() override;

  absl::StatusOr<std::shared_ptr<const Principal>> Authenticate(const Secret& credential) override;
  std::shared_ptr<const Principal> Cached(const Secret& credential) override;
  void Forget(const Secret& credential) override;

  bool IsRevoked(const Caller& caller) override;
  void OnRevoked(RevocationHook hook) override;

  // Drops every entry whose credential, one of those that it was minted by, or an invitation of its
  // cases has one of these ids. A session that holds other grants is known again when it is asked
  // for anew.
  void Revoke(const std::vector<std::string>& ids);
  // Drops everything: revocations may have been missed, also of what is being asked about.
  void Clear();
  // Every revocation until so long ago has been told to Revoke().
  void Heard(absl::Duration ago);
  // How long it is since then; infinite where nothing was ever heard.
  absl::Duration Unheard() const;

 private:
  class Cache;
  absl::StatusOr<std::shared_ptr<const Principal>> Verify(const std::string& token,
                                                          const std::string& key_id);
  absl::StatusOr<std::string> KeyOf(const std::string& token, const std::string& key_id);
  absl::StatusOr<std::shared_ptr<const Principal>> ExchangeOnce(const Secret& credential,
                                                                const std::string& hash);
  absl::StatusOr<std::shared_ptr<const Principal>> Exchange(const Secret& credential,
                                                            const std::string& hash);
  const PrincipalSource source_;
  const Clock& clock_;
  std::unique_ptr<Cache> cache_;
  std::mutex asking_;
  std::mutex telling_;  // Held while the hook runs.
  RevocationHook hook_;
};

// Keeps an authenticator's cache true: listens for revocations (the Redis channel
// `gatehouse:revoked`), acknowledges each once it has taken effect, and says each second that all
// were heard. Where the connection is lost, or Redis does not answer, the cache is emptied, then
// and at its return.
class RevocationListener {
 public:
  RevocationListener(CachingAuthenticator& authenticator, Redis& redis, const Secret& redis_url);
  ~RevocationListener();

 private:
  class State;
  std::unique_ptr<State> state_;
};

// Tells every listener that these sessions, API keys, staff tokens or invitations have ended, and
// waits until all have acknowledged it, 250 ms at most. An error means that it could not be told:
// those who hear nothing of Redis then forget by themselves within five seconds, and those who do
// within 60.
absl::Status PublishRevocation(Redis& redis, const std::vector<std::string>& ids);

}  // namespace gatehouse
