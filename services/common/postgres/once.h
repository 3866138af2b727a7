#pragma once

#include <functional>
#include <optional>
#include <string>
#include <type_traits>

#include "absl/status/statusor.h"
#include "services/common/base/caller.h"
#include "services/common/base/secret.h"
#include "services/common/postgres/postgres.h"

namespace google::protobuf {
class Message;
}

namespace gatehouse {

// What a caller asks for under a `request_id` happens once. The id is kept in the transaction of
// the change, with a fingerprint of the request and the first answer, for seven days (the sweeper
// ends them). From then on the same caller gets
//   the first answer, where the request is the same, whatever has changed since;
//   ALREADY_EXISTS, REQUEST_ID_REUSED, where it is another one: other content, case or RPC.
// Two at once are one after the other. What was refused, or changed nothing, is not remembered.
//
// One line at its users:
//   return once_.Run(call, request, [&] { return Make(call, request); });
class Once {
 public:
  // `key` seals the answers at rest: they may hold a link or a key.
  Once(Postgres& postgres, Secret key) : postgres_(postgres), key_(std::move(key)) {}

  // Runs `f`, which answers absl::StatusOr<Response>, or has the answer from before. All that `f`
  // writes by Postgres::Write and WriteOne on this thread is one transaction, which commits when it
  // returns OK: once it has written, it should end soon, and neither wait nor call another service.
  // What must follow the commit goes to Transaction::AfterCommit. Without a request_id just `f`.
  template <typename Request, typename F>
  std::invoke_result_t<F> Run(const Call& call, const Request& request, F f) {
    if (request.request_id().empty()) return f();
    return Run(KeyOf(call, request), std::move(f));
  }

  // The same for what is no plain message, such as a stream with its digest.
  struct Key {
    std::string organisation_id;  // Empty: an operator's.
    std::string caller;           // SpaceOf()
    std::string request_id;
    std::string fingerprint;  // Sha256 of all that makes it this request.
  };
  template <typename F>
  std::invoke_result_t<F> Run(const Key& key, F f) {
    typename std::invoke_result_t<F>::value_type response;
    RETURN_IF_ERROR(RunUntyped(key, response, [&]() -> absl::Status {
      ASSIGN_OR_RETURN(response, f());
      return absl::OkStatus();
    }));
    return response;
  }
  // The serialised first answer to this request; nothing where it is new.
  absl::StatusOr<std::optional<std::string>> Find(const Key& key);

  // `request` has a string field `request_id`, which the fingerprint leaves out, and belongs to one
  // RPC alone: its type stands for the RPC.
  static Key KeyOf(const Call& call, const google::protobuf::Message& request);
  // Where a caller's ids are its own: its kind, and the owner of the credential. An API key or an
  // actor of its staff tokens; an account as one contact; a service.
  static std::string SpaceOf(const Caller& caller, const google::protobuf::Message& request);

 private:
  absl::Status RunUntyped(const Key& key, google::protobuf::Message& response,
                          const std::function<absl::Status()>& f);
  absl::StatusOr<std::optional<std::string>> Find(Transaction& transaction, const Key& key);

  Postgres& postgres_;
  const Secret key_;
};

}  // namespace gatehouse
