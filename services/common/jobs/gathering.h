#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "services/common/jobs/job.h"

namespace gatehouse {

// Makes one call of several. While a call of one RPC and organisation is under way, those that come
// meanwhile wait; then they go together, by the RPC that takes many. So a call that comes alone
// waits for nobody, and the more come the less each costs the callee: one call, one transaction,
// one wait for the disk.
//
// The RPC that takes many has a request whose first field is `repeated` of the other's requests,
// and does all of them or answers with an error. What it refuses, or does not know, is asked for
// one by one, so that each gets its own answer. Thread-safe.
class Gathering : public std::enable_shared_from_this<Gathering> {
 public:
  // Starts a call, as Client::Start() does.
  using Start = std::function<void(const std::string& method, const std::string& organisation_id,
                                   const std::string& request, absl::Time deadline, JobDone done)>;
  // `many_of`: by the RPC that takes one, the RPC that takes many. Any other is called as it comes.
  Gathering(Start start, std::map<std::string, std::string> many_of, absl::Duration timeout)
      : start_(std::move(start)), many_of_(std::move(many_of)), timeout_(timeout) {}

  // Does the job within the timeout, of which it may wait a part.
  void Do(const Job& job, JobDone done);

  // How many go together at most, in number and in bytes.
  static constexpr size_t kMost = 64, kMostBytes = 256 << 10;

 private:
  struct Item {
    std::string request, traceparent;
    absl::Time deadline;
    JobDone done;
  };
  using Items = std::vector<Item>;
  using Key = std::pair<std::string, std::string>;  // The RPC and the organisation.

  // The next ones of a line, which is gone where there are none.
  Items Next(const Key& key);
  void Go(const Key& key, Items items);
  void GoTogether(const Key& key, Items items);
  void Begin(const std::string& method, const Key& key, const std::string& request,
             const Item& first, absl::Time deadline, JobDone done);

  const Start start_;
  const std::map<std::string, std::string> many_of_;
  const absl::Duration timeout_;
  std::mutex mutex_;
  std::map<Key, std::deque<Item>> lines_;  // Of which a call is under way, with who waits.
};

}  // namespace gatehouse
