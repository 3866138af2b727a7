#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "services/common/base/secret.h"
#include "services/common/redis/redis.h"
#include "services/identity/breakers/domain/breaker.h"
#include "services/identity/domain/challenge_store.h"
#include "services/identity/domain/challenges.h"

namespace gatehouse::identity {

struct ChallengeOptions {
  int codes_a_day = kCodesADayByOrganisation;  // Of an organisation.
  // Told when codes are held back, once a minute of each country and address.
  std::function<void(const HeldBack&)> on_held;
};

// Challenges and their limits in Redis, by Lua scripts. A challenge is one hash, which holds its
// counter too: what loses one loses both.
class RedisChallengeStore : public ChallengeStore {
 public:
  RedisChallengeStore(Redis& redis, Secret key, ChallengeOptions options = {})
      : redis_(redis), key_(std::move(key)), options_(std::move(options)) {}

  absl::StatusOr<Started> Start(const std::string& challenge_id, const Subject& subject,
                                const std::string& code_mac, const std::string& client_address,
                                absl::Time now) override;
  absl::StatusOr<Started> Resend(const std::string& challenge_id, const Subject& subject,
                                 const std::string& client_address, absl::Time now) override;
  void Confirm(const Started& started) override;
  absl::Status Cancel(const Started& started, const Subject& subject) override;
  absl::Status Forgive(const std::string& organisation_id, const std::string& mobile) override;
  absl::Status ForgetOwed(const std::string& key) override;
  absl::StatusOr<Subject> Find(const std::string& challenge_id) override;
  absl::StatusOr<Verified> Verify(const std::string& challenge_id, const std::string& code_mac,
                                  const std::string& nonce_mac, absl::Time now) override;

  // Ends a contact's challenges: how many there were. Looks through all that are live, half an
  // hour's at most: for what is rare, since no challenge is found by its contact otherwise.
  absl::StatusOr<int> EraseOf(const std::string& organisation_id, const std::string& contact_id);

 private:
  // What is counted against whom where this subject is sent a code.
  struct Owing {
    std::string number;  // As a keyed hash; empty: nothing is.
    std::string country, address, country_key, address_key;
  };
  std::string OwedKeyOf(const std::string& organisation_id, const char* of,
                        const std::string& what) const;
  Owing OwingOf(const Subject& subject, const std::string& client_address) const;
  absl::Status HeldBackBy(const RedisReply& reply, const Subject& subject, const Owing& owing);
  // Redis learns neither numbers nor addresses.
  std::string Hashed(const std::string& text) const;
  // Of what an organisation sends to a number: an hour's and a day's.
  std::pair<std::string, std::string> CountersOf(const std::string& organisation_id,
                                                 const std::string& mobile) const;
  absl::StatusOr<Started> Run(const std::string& challenge_id, const Subject& subject,
                              const std::string& code_mac, const std::string& client_address,
                              absl::Time now);
  // Where the live challenge of who starts once more is found.
  std::string LiveKeyOf(const Subject& subject) const;
  std::vector<std::string> KeysOf(const std::string& challenge_id, const Subject& subject,
                                  const std::string& client_address, const Owing& owing) const;

  Redis& redis_;
  const Secret key_;
  const ChallengeOptions options_;
};

}  // namespace gatehouse::identity
