#include "services/common/auth/auth.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/auth/jwt.h"
#include "services/common/base/crypto.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"
#include "services/common/observe/metrics.h"

namespace gatehouse {
namespace {

constexpr absl::Duration kEntryLife = absl::Seconds(60), kUnheardLife = absl::Seconds(5);
constexpr size_t kEntriesMax = 100000;
constexpr size_t kCredentialMax = 512;  // As ExchangeCredentialRequest has it.
constexpr absl::Duration kMissLife = absl::Seconds(10), kGoodLife = absl::Hours(1);
constexpr size_t kMissesMax = 10000;
constexpr int kStrangersMax = 4;
constexpr absl::Duration kPatience = absl::Seconds(5);  // Of who waits for another's answer.

absl::Status Invalid() {
  return Refuse(common::v1::CREDENTIAL_INVALID, "the credential is not valid, or not any more");
}

// The text is for our log.
absl::Status CannotCheck(const absl::Status& why) {
  return absl::UnavailableError(absl::StrCat("identity did not say: ", why.message()));
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
    if (now >= std::max(entry->second.asked_at, heard_at_) + kUnheardLife) return nullptr;
    return entry->second.principal;
  }

  // When a question to identity began: what it knew of revocations then.
  struct Question {
    absl::Time at;
    int64_t gaps = 0;  // In what was heard of revocations, until then.
  };
  Question BeginAsking(absl::Time now) {
    const std::lock_guard lock(mutex_);
    return {now, gaps_};
  }

  // False if what the principal stands on was revoked while it was on its way. Where that may have
  // happened unheard, it is not kept.
  bool Insert(const std::string& hash, std::shared_ptr<const Principal> principal,
              const Question& asked) {
    const std::lock_guard lock(mutex_);
    if (HasTombstone(principal->caller)) return false;
    const absl::Time now = asked.at;
    if (good_.size() >= kEntriesMax) good_.clear();
    good_[hash] = now + kGoodLife;
    if (asked.gaps != gaps_) return true;
    if (entries_.size() >= kEntriesMax) DropExpired(now);
    if (entries_.size() >= kEntriesMax) entries_.clear();
    const absl::Time until = std::min(principal->expires_at, now + kEntryLife);
    entries_[hash] = {std::move(principal), until, now};
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
    ++gaps_;
  }

  void Heard(absl::Time until) {
    const std::lock_guard lock(mutex_);
    heard_at_ = std::max(heard_at_, until);
  }
  absl::Time heard_at() {
    const std::lock_guard lock(mutex_);
    return heard_at_;
  }

  void Drop(const std::string& hash) {
    const std::lock_guard lock(mutex_);
    entries_.erase(hash);
  }

  // Nothing: the keys are not known, or not any more. Empty: this one is none of them.
  std::optional<std::string> Key(const std::string& key_id, absl::Time now) {
    const std::lock_guard lock(mutex_);
    if (now >= keys_until_) return std::nullopt;
    const auto key = keys_.find(key_id);
    return key == keys_.end() ? "" : key->second;
  }

  void SetKeys(const identity::v1::ListSigningKeysResponse& response, absl::Time asked_at) {
    const std::lock_guard lock(mutex_);
    keys_.clear();
    for (const auto& key : response.keys()) keys_[key.key_id()] = key.public_key();
    keys_asked_at_ = asked_at;
    keys_until_ = asked_at + kEntryLife;
  }

  // Whether the keys that are known were asked for when a token of this second was there already.
  bool KnowsKeysOf(absl::Time issued_at) {
    const std::lock_guard lock(mutex_);
    return keys_asked_at_ >= issued_at + absl::Seconds(1);
  }

  // Whether the keys may be asked for now: a forged `kid` must not make us ask all the time.
  bool MayAskForKeys(absl::Time now) {
    const std::lock_guard lock(mutex_);
    if (now < next_keys_) return false;
    next_keys_ = now + absl::Seconds(1);
    return true;
  }

  // Whether this is known to be no credential.
  bool IsMiss(const std::string& hash, absl::Time now) {
    const std::lock_guard lock(mutex_);
    const auto miss = misses_.find(hash);
    return miss != misses_.end() && now < miss->second;
  }

  void AddMiss(const std::string& hash, absl::Time now) {
    const std::lock_guard lock(mutex_);
    if (misses_.size() >= kMissesMax) misses_.clear();
    misses_[hash] = now + kMissLife;
    good_.erase(hash);
  }

  // Waits while somebody else asks about this credential: who brings the same meanwhile has the
  // same answer. Then End() must follow. False: it took too long.
  bool Begin(const std::string& hash, absl::Time deadline) {
    std::unique_lock lock(turn_);
    return turned_.wait_until(lock, absl::ToChronoTime(deadline),
                              [&] { return asking_.insert(hash).second; });
  }
  void End(const std::string& hash) {
    {
      const std::lock_guard lock(turn_);
      asking_.erase(hash);
    }
    turned_.notify_all();
  }

  // Whether identity may be asked about this credential now; then Asked() must follow.
  bool MayAsk(const std::string& hash, absl::Time now, bool& stranger) {
    const std::lock_guard lock(mutex_);
    const auto good = good_.find(hash);
    stranger = good == good_.end() || good->second <= now;
    if (!stranger) return true;
    if (strangers_ >= kStrangersMax) return false;
    ++strangers_;
    return true;
  }

  void Asked(bool stranger) {
    const std::lock_guard lock(mutex_);
    if (stranger) --strangers_;
  }

 private:
  struct Entry {
    std::shared_ptr<const Principal> principal;
    absl::Time until, asked_at;
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
  absl::Time heard_at_ = absl::InfinitePast();  // Every revocation until then was.
  int64_t gaps_ = 0;
  std::map<std::string, std::string> keys_;
  absl::Time next_keys_ = absl::InfinitePast(), keys_until_ = absl::InfinitePast();
  absl::Time keys_asked_at_ = absl::InfinitePast();
  std::unordered_map<std::string, absl::Time> misses_, good_;  // By hash, until then.
  int strangers_ = 0;
  std::mutex turn_;
  std::condition_variable turned_;
  std::set<std::string> asking_;  // By hash: what identity is being asked about.
};

CachingAuthenticator::CachingAuthenticator(PrincipalSource source, const Clock& clock)
    : source_(std::move(source)), clock_(clock), cache_(std::make_unique<Cache>()) {}
CachingAuthenticator::~CachingAuthenticator() = default;

std::shared_ptr<const Principal> CachingAuthenticator::Cached(const Secret& credential) {
  return cache_->Find(Sha256(credential.Reveal()), clock_.Now());
}

absl::StatusOr<std::shared_ptr<const Principal>> CachingAuthenticator::Authenticate(
    const Secret& credential) {
  const std::string hash = Sha256(credential.Reveal());
  if (auto cached = cache_->Find(hash, clock_.Now())) return cached;
  const Cache::Question asked = cache_->BeginAsking(clock_.Now());
  std::shared_ptr<const Principal> principal;
  if (const std::string key_id = KeyIdOf(credential.Reveal()); !key_id.empty()) {
    ASSIGN_OR_RETURN(principal, Verify(credential.Reveal(), key_id));
  } else if (!CanBeExchanged(credential.Reveal())) {
    return Invalid();
  } else {
    return ExchangeOnce(credential, hash);
  }
  if (!cache_->Insert(hash, principal, asked)) return Invalid();
  return principal;
}

// A program that has just started makes many calls at once with the same key.
absl::StatusOr<std::shared_ptr<const Principal>> CachingAuthenticator::ExchangeOnce(
    const Secret& credential, const std::string& hash) {
  // By the time of day, as the calls' deadlines are.
  if (!cache_->Begin(hash, std::min(Call::Current().deadline, absl::Now() + kPatience))) {
    return absl::UnavailableError("identity did not answer about this credential in time");
  }
  const auto end = absl::MakeCleanup([&] { cache_->End(hash); });
  if (auto cached = cache_->Find(hash, clock_.Now())) return cached;
  const Cache::Question asked = cache_->BeginAsking(clock_.Now());
  ASSIGN_OR_RETURN(auto principal, Exchange(credential, hash));
  if (!cache_->Insert(hash, principal, asked)) return Invalid();
  return principal;
}

absl::StatusOr<std::shared_ptr<const Principal>> CachingAuthenticator::Exchange(
    const Secret& credential, const std::string& hash) {
  if (cache_->IsMiss(hash, clock_.Now())) return Invalid();
  bool stranger = false;
  if (!cache_->MayAsk(hash, clock_.Now(), stranger)) {
    Count("gatehouse_credentials_postponed_total", {});
    return absl::UnavailableError("too many unknown credentials are asked about");
  }
  const auto answer = source_.exchange(credential);
  cache_->Asked(stranger);
  if (ReasonOf(answer.status()) == common::v1::Reason_Name(common::v1::CREDENTIAL_INVALID)) {
    cache_->AddMiss(hash, clock_.Now());
    return answer.status();
  }
  // Whatever else it says, such as that this service has no right to ask, is no word about the
  // credential.
  if (!answer.ok()) return CannotCheck(answer.status());
  return std::make_shared<Principal>(ToCaller(answer->principal()), answer->token(),
                                     FromProto(answer->expire_time()));
}

absl::StatusOr<std::string> CachingAuthenticator::KeyOf(const std::string& token,
                                                        const std::string& key_id) {
  auto key = cache_->Key(key_id, clock_.Now());
  if (key.has_value() && !key->empty()) return *key;
  // One asks, and whoever comes meanwhile waits for the answer.
  const std::lock_guard lock(asking_);
  absl::Status asked = absl::UnavailableError("the signing keys are not known");
  const absl::Time now = clock_.Now();
  key = cache_->Key(key_id, now);
  if ((!key.has_value() || key->empty()) && cache_->MayAskForKeys(now)) {
    const auto keys = source_.keys();
    if (keys.ok()) cache_->SetKeys(*keys, now);
    if (!keys.ok()) asked = CannotCheck(keys.status());
    key = cache_->Key(key_id, now);
  }
  if (key.has_value() && !key->empty()) return *key;
  // It may be a key that identity has made since.
  if (!key.has_value() || !cache_->KnowsKeysOf(IssuedAtOf(token))) return asked;
  return Invalid();
}

absl::StatusOr<std::shared_ptr<const Principal>> CachingAuthenticator::Verify(
    const std::string& token, const std::string& key_id) {
  ASSIGN_OR_RETURN(const std::string key, KeyOf(token, key_id));
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

void CachingAuthenticator::Forget(const Secret& credential) {
  cache_->Drop(Sha256(credential.Reveal()));
}

void CachingAuthenticator::Heard(absl::Duration ago) { cache_->Heard(clock_.Now() - ago); }

absl::Duration CachingAuthenticator::Unheard() const { return clock_.Now() - cache_->heard_at(); }

void CachingAuthenticator::Clear() { cache_->Clear(); }

}  // namespace gatehouse
