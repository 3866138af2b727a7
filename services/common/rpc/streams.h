#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"

namespace gatehouse {

// What streams may take of a server; see docs/operations.md.
struct StreamLimits {
  int streams_max = 1000;       // At once; GATEHOUSE_STREAMS_MAX.
  int per_credential_max = 64;  // GATEHOUSE_STREAMS_PER_CREDENTIAL.
  int per_address_max = 256;    // GATEHOUSE_STREAMS_PER_ADDRESS.
  // Bytes a second below which a peer only pretends; 0: no such rate. GATEHOUSE_STREAM_RATE_MIN.
  int64_t rate_min = 1024;
  // How long a peer may be slower than that, at its beginning and after each pause.
  absl::Duration grace = absl::Seconds(30);
};

// The streams of one server: how many there are, whose they are, and how they are ended from
// without. Thread-safe.
class Streams {
 public:
  // A stream as the others know it.
  class Member {
   public:
    virtual ~Member() = default;
    // Looks whether the deadline has passed or the peer is too slow.
    virtual void Look(absl::Time now) = 0;
    // Ends it with this status, as soon as what it does just now is done. Must not block.
    virtual void End(const absl::Status& status) = 0;
    // Ends it where it waits for something to give, which may take for ever. Must not block.
    virtual void Drain() = 0;
  };

  explicit Streams(const StreamLimits& limits) : limits_(limits) {}

  const StreamLimits& limits() const { return limits_; }

  // When it arrives. Refuses TOO_MANY_STREAMS where the server has enough of them. From then on it
  // is looked after: a stream holds no lock that Look() or End() takes while it calls one of these.
  absl::Status Join(Member& member);
  // When it is known whose it is. Refuses TOO_MANY_STREAMS where the credential or the address has
  // its share. `call` outlives the membership.
  absl::Status Claim(Member& member, const Call& call);
  // Nothing if it has not joined.
  void Leave(Member& member);

  // Whether the stream's result may be committed: not after its credential was revoked. Until
  // Committed(), Revoke() waits for it.
  bool MayCommit(Member& member);
  void Committed(Member& member);

  // Ends every stream whose credential, or the one that minted it, has one of these ids, and waits
  // until nothing of theirs is being committed any more, `patience` at most.
  void Revoke(const std::vector<std::string>& ids, absl::Duration patience);
  void Look(absl::Time now);
  // From now on those that wait for something to give are ended at each Look().
  void Drain();

 private:
  struct Entry {
    const Call* call = nullptr;  // Null: nobody knows whose it is.
    bool revoked = false, committing = false;
  };
  void Add(const Call* call, int count);

  const StreamLimits limits_;
  std::mutex mutex_;
  std::condition_variable committed_;
  std::map<Member*, Entry> members_;
  std::map<std::string, int> by_credential_, by_address_;
  bool draining_ = false;
};

}  // namespace gatehouse
