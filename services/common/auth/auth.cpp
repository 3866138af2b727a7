#include "services/common/auth/auth.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <unordered_map>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"
#include "services/common/auth/jwt.h"
#include "services/common/base/crypto.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"

namespace gatehouse {
namespace {

constexpr absl::Duration kEntryLife = absl::Seconds(60);
constexpr size_t kEntriesMax = 100000;
constexpr size_t kCredentialMax = 512;  // As ExchangeCredentialRequest has it.

absl::Status Invalid() {
  return Refuse(absl::StatusCode::kUnauthenticated, "CREDENTIAL_INVALID",
                "the credential is not valid, or not any more");
}

// Identity would refuse anything else as a request that is not well formed, which is its caller's
// mistake and not our caller's.
bool CanBeExchanged(const std::string& credential) {
  return credential.size() <= kCredentialMax &&
         std::all_of(credential.begin(), credential.end(),
                     [](unsigned char c) { return absl::ascii_isgraph(c); });
}

}  // namespace

std::string PrincipalAnswers::Find(const std::string& rpc) const {
  const std::lock_guard lock(mutex_);
  const auto known = answers_.find(rpc);
  return known == answers_.end() ? "" : known->second;
}

void PrincipalAnswers::Keep(const std::string& rpc, const std::string& answer) const {
  const std::lock_guard lock(mutex_);
  answers_[rpc] = answer;
}

// Entries by the credential's hash, so that memory holds no credential; tombstones of what was
// revoked within the last minute; and the signing keys.
class CachingAuthenticator::Cache {
 public:
  std::shared_ptr<const Principal> Find(const std::string& hash, absl::Time now) {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(hash);
    if (entry == entries_.end() || entry->second.until <= now) return nullptr;
    return entry->second.principal;
  }

  // False if what the principal stands on was revoked while it was on its way.
  bool Insert(const std::string& hash, std::shared_ptr<const Principal> principal, absl::Time now) {
    const std::lock_guard lock(mutex_);
    if (HasTombstone(principal->caller)) return false;
    if (entries_.size() >= kEntriesMax) DropExpired(now);
    if (entries_.size() >= kEntriesMax) entries_.clear();
    const absl::Time until = std::min(principal->expires_at, now + kEntryLife);
    entries_[hash] = {std::move(principal), until};
    return true;
  }

  void Revoke(const std::vector<std::string>& ids, absl::Time now) {
    const std::lock_guard lock(mutex_);
    for (auto stone = tombstones_.begin(); stone != tombstones_.end();) {
      stone = stone->second <= now ? tombstones_.erase(stone) : std::next(stone);
    }
    for (const std::string& id : ids) tombstones_[id] = now + kEntryLife;
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      const bool revoked = HasTombstone(entry->second.principal->caller);
      entry = revoked ? entries_.erase(entry) : std::next(entry);
    }
  }

  bool IsRevoked(const Caller& caller) {
    const std::lock_guard lock(mutex_);
    return HasTombstone(caller);
  }

  void Clear() {
    const std::lock_guard lock(mutex_);
    entries_.clear();
  }

  std::string Key(const std::string& key_id) {
    const std::lock_guard lock(mutex_);
    const auto key = keys_.find(key_id);
    return key == keys_.end() ? "" : key->second;
  }

  void SetKeys(const identity::v1::ListSigningKeysResponse& response) {
    const std::lock_guard lock(mutex_);
    keys_.clear();
    for (const auto& key : response.keys()) keys_[key.key_id()] = key.public_key();
  }

  // Whether the keys may be asked for now: a forged `kid` must not make us ask all the time.
  bool MayAskForKeys(absl::Time now) {
    const std::lock_guard lock(mutex_);
    if (now < next_keys_) return false;
    next_keys_ = now + absl::Seconds(1);
    return true;
  }

 private:
  struct Entry {
    std::shared_ptr<const Principal> principal;
    absl::Time until;
  };

  bool HasTombstone(const Caller& caller) const {
    return caller.StandsOn([this](const std::string& id) { return tombstones_.count(id) != 0; });
  }

  void DropExpired(absl::Time now) {
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      entry = entry->second.until <= now ? entries_.erase(entry) : std::next(entry);
    }
  }

  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  std::map<std::string, absl::Time> tombstones_;
  std::map<std::string, std::string> keys_;
  absl::Time next_keys_ = absl::InfinitePast();
};

CachingAuthenticator::CachingAuthenticator(PrincipalSource source, const Clock& clock)
    : source_(std::move(source)), clock_(clock), cache_(std::make_unique<Cache>()) {}
CachingAuthenticator::~CachingAuthenticator() = default;

std::shared_ptr<const Principal> CachingAuthenticator::Cached(const Secret& credential) {
  return cache_->Find(Sha256(credential.Reveal()), clock_.Now());
}

absl::StatusOr<std::shared_ptr<const Principal>> CachingAuthenticator::Authenticate(
    const Secret& credential) {
  if (auto cached = Cached(credential)) return cached;
  std::shared_ptr<const Principal> principal;
  if (const std::string key_id = KeyIdOf(credential.Reveal()); !key_id.empty()) {
    ASSIGN_OR_RETURN(principal, Verify(credential.Reveal(), key_id));
  } else if (!CanBeExchanged(credential.Reveal())) {
    return Invalid();
  } else {
    ASSIGN_OR_RETURN(const auto answer, source_.exchange(credential));
    principal = std::make_shared<Principal>(ToCaller(answer.principal()), answer.token(),
                                            FromProto(answer.expire_time()));
  }
  if (!cache_->Insert(Sha256(credential.Reveal()), principal, clock_.Now())) {
    return Invalid();
  }
  return principal;
}

absl::StatusOr<std::shared_ptr<const Principal>> CachingAuthenticator::Verify(
    const std::string& token, const std::string& key_id) {
  std::string key = cache_->Key(key_id);
  if (key.empty()) {
    // One asks, and whoever comes meanwhile waits for the answer.
    const std::lock_guard lock(asking_);
    if (cache_->Key(key_id).empty() && cache_->MayAskForKeys(clock_.Now())) {
      ASSIGN_OR_RETURN(const auto keys, source_.keys());
      cache_->SetKeys(keys);
    }
    key = cache_->Key(key_id);
  }
  ASSIGN_OR_RETURN(const VerifiedPrincipal verified, VerifyPrincipal(token, key, clock_.Now()));
  return std::make_shared<Principal>(ToCaller(verified.principal), token, verified.expires_at);
}

void CachingAuthenticator::Revoke(const std::vector<std::string>& ids) {
  cache_->Revoke(ids, clock_.Now());
  const std::lock_guard lock(telling_);
  if (hook_ != nullptr) hook_(ids);
}

bool CachingAuthenticator::IsRevoked(const Caller& caller) { return cache_->IsRevoked(caller); }

void CachingAuthenticator::OnRevoked(RevocationHook hook) {
  const std::lock_guard lock(telling_);
  hook_ = std::move(hook);
}

void CachingAuthenticator::Clear() { cache_->Clear(); }

}  // namespace gatehouse
