#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/common/base/secret.h"
#include "services/common/jobs/jobs.h"
#include "services/common/postgres/postgres.h"
#include "services/common/rpc/client.h"

namespace gatehouse {

// Calls to be made durable, which belong to one transaction.
class OutboxCalls {
 public:
  explicit OutboxCalls(std::string organisation_id)
      : organisation_id_(std::move(organisation_id)) {}

  // `request` is harmless to repeat, or has a string field `request_id`, which the job's id fills
  // where it is empty. Calls with the same non-empty `order_key` are delivered one at a time, in
  // the order of their adding: whoever uses a key holds a lock that orders the transactions that
  // add under it.
  template <typename Stub, typename Request, typename Response>
  void Add(Rpc<Stub, Request, Response> rpc, const std::type_identity_t<Request>& request,
           const std::string& order_key = "") {
    Add(NameOf(rpc), request, order_key);
  }
  // The same by the RPC's name.
  void Add(absl::string_view method, const google::protobuf::Message& request,
           const std::string& order_key = "");

  // A job of the service's own, for whoever works on that lane, once it is due.
  void AddJob(const std::string& lane, const std::string& kind, const std::string& payload,
              absl::Time due_time);

  // What was added, in its order; a call's `payload` is its request.
  const std::vector<Job>& jobs() const { return jobs_; }

 private:
  friend class Outbox;
  const std::string organisation_id_;
  std::vector<Job> jobs_;
};

// The outbox makes an RPC durable: a job, written in the same transaction as the change it tells
// of, is delivered by calling the RPC that it names until that answers, at least once. The job's id
// is the idempotency key. Each service that is called is a lane: one that hangs delays no other.
class Outbox {
 public:
  struct Options {
    Secret key;                               // Seals requests at rest.
    std::map<std::string, Client*> services;  // By name: notification, cases.
  };
  Outbox(Postgres& postgres, Options options);

  // Adds the calls to the transaction. After its commit they are delivered at once, and it waits
  // for that, until `patience` has passed: so that what a caller reads next already shows them, as
  // a rule. What is not delivered by then is delivered later.
  void Add(Transaction& transaction, OutboxCalls calls,
           absl::Duration patience = absl::ZeroDuration());

 private:
  Jobs jobs_;
};

}  // namespace gatehouse
