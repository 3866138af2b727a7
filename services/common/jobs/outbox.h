#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/common/base/secret.h"
#include "services/common/postgres/postgres.h"
#include "services/common/rpc/client.h"

namespace gatehouse {

// The outbox makes an RPC durable: a row, written in the same transaction as the change it tells
// of, is delivered by calling the RPC that it names until that answers, at least once. The row's id
// is the idempotency key (the request's `request_id`, which Add() sets). Requests rest sealed.
// Its table is one of WithCommon().
class Outbox {
 public:
  struct Options {
    Secret key;                               // Seals requests at rest.
    std::map<std::string, Client*> services;  // By name: notification, cases.
  };
  Outbox(Postgres& postgres, Options options);
  ~Outbox();  // Stops the relay.

  // Adds a call of `method` to the transaction and returns the row's id. `request` is
  // harmless to repeat, or has a string field `request_id`, which the row's id fills where it is
  // empty. Rows with the same
  // non-empty `order_key` are delivered one at a time, in the order of their adding: whoever uses a
  // key holds a lock that orders the transactions that add under it.
  std::string Add(Transaction& transaction, const std::string& organisation_id,
                  absl::string_view method, const google::protobuf::Message& request,
                  const std::string& order_key = "");

  // Tells the relay that rows were committed, and waits until those are delivered, or `patience`
  // has passed: so that what a caller reads next already shows them, as a rule. Never fails: what
  // is not delivered by then is delivered later.
  void Flush(const std::vector<std::string>& ids, absl::Duration patience);

  // Tells the relay that rows were committed, and waits for nothing.
  void Wake();

 private:
  class Relay;
  std::unique_ptr<Relay> relay_;
};

}  // namespace gatehouse
