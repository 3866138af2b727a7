#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/secret.h"
#include "services/notification/domain/texts.h"

namespace gatehouse::notification {

constexpr absl::Duration kBetweenTests = absl::Seconds(30);

// What an organisation has set to send by.
struct RelayAccount {
  std::string version;  // Changes whenever it is set.
  std::string url;      // Of a mail server, without a user.
  std::string user;     // There, or the account at the SMS provider.
  Secret secret;        // The user's password, or the account's token.
  std::string from;
};

struct Relay {
  Channel channel = Channel::kEmail;
  std::optional<RelayAccount> active;     // What messages go by.
  std::optional<RelayAccount> candidate;  // What was set since, and is to be tested.
  std::optional<absl::Time> test_time, failure_time;
  std::string failure;
};

// Relays of organisations, sealed. Each method is atomic; changes are told to the audit trail.
class RelayStore {
 public:
  virtual ~RelayStore() = default;
  // Nothing where the organisation has set none.
  virtual absl::StatusOr<std::optional<Relay>> Find(const std::string& organisation_id,
                                                    Channel channel) = 0;
  // Sets what is to be tested.
  virtual absl::StatusOr<Relay> Set(const std::string& organisation_id, Channel channel,
                                    const RelayAccount& account) = 0;
  // Notes that a test begins. Refuses NOT_FOUND, and RELAY_TESTED_JUST_NOW within kBetweenTests of
  // the last one.
  virtual absl::StatusOr<Relay> BeginTest(const std::string& organisation_id, Channel channel) = 0;
  // What came of the test of this version; empty: messages go by it from now on. Nothing where
  // another one was set meanwhile.
  virtual absl::StatusOr<Relay> EndTest(const std::string& organisation_id, Channel channel,
                                        const std::string& version, const std::string& failure) = 0;
  // What a message met that was to go by it; empty: it went. Kept once a minute.
  virtual absl::Status Note(const std::string& organisation_id, Channel channel,
                            const std::string& failure) = 0;
  // Refuses NOT_FOUND.
  virtual absl::Status Delete(const std::string& organisation_id, Channel channel) = 0;
};

}  // namespace gatehouse::notification
