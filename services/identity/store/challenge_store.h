#pragma once

#include "services/common/base/secret.h"
#include "services/common/redis/redis.h"
#include "services/identity/domain/challenges.h"

namespace gatehouse::identity {

// Challenges and their limits in Redis, by Lua scripts. A challenge is one hash, which holds its
// counter too: what loses one loses both.
class RedisChallengeStore : public ChallengeStore {
 public:
  RedisChallengeStore(Redis& redis, Secret key) : redis_(redis), key_(std::move(key)) {}

  absl::StatusOr<Started> Start(const std::string& challenge_id, const Subject& subject,
                                const std::string& code_mac, const std::string& client_address,
                                absl::Time now) override;
  absl::StatusOr<Started> Resend(const std::string& challenge_id, const Subject& subject,
                                 const std::string& client_address, absl::Time now) override;
  void Confirm(const Started& started) override;
  absl::Status Cancel(const Started& started, const Subject& subject) override;
  absl::StatusOr<Subject> Find(const std::string& challenge_id) override;
  absl::StatusOr<Verified> Verify(const std::string& challenge_id, const std::string& code_mac,
                                  const std::string& client, absl::Time now) override;

 private:
  absl::StatusOr<Started> Run(const std::string& challenge_id, const Subject& subject,
                              const std::string& code_mac, const std::string& client_address,
                              absl::Time now);
  std::vector<std::string> KeysOf(const std::string& challenge_id, const Subject& subject,
                                  const std::string& client_address) const;

  Redis& redis_;
  const Secret key_;
};

}  // namespace gatehouse::identity
