#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "services/common/auth/auth.h"
#include "services/common/base/caller.h"
#include "services/common/rpc/method_rules.h"
#include "services/common/rpc/server.h"

namespace gatehouse {

// The peer that passes on what strangers say, by the name in its certificate: it has no right of
// its own, but knows from which address they come.
constexpr char kFront[] = "front";
// Who passes for every service, where there is no TLS.
constexpr char kTrustedPeer[] = "trusted";

// What a stranger's call may bring besides its message; gRPC 1.51 by itself lets several times that
// pass. A service passes principals on, which are as long as their cases are many.
constexpr int kMetadataMax = 16 << 10;

// What a request brought besides its message, before anything of it is believed.
struct Envelope {
  Secret credential;  // Empty: none.
  // The name in a verified client certificate: a service's, or kFront; kTrustedPeer without TLS.
  std::string peer;
  std::optional<std::string> organisation_id;  // A service calls as itself, on whose behalf.
  // As the peer says.
  std::string request_id, client_request_id, client_address, user_agent;
  // Of a stranger: `x-request-id`, and the connection's other end.
  std::string peer_request_id, peer_address;
  int64_t metadata_bytes = 0;  // All of it, as RFC 9113 counts.
  absl::Time deadline;
  // By when the caller's patience ends, by its clock; a service says so.
  absl::Time caller_deadline = absl::InfiniteFuture();
};

// The rules that stand before every handler, without any transport: who calls, whether they may,
// and whether the request is well formed.
class Dispatch {
 public:
  struct Target {
    const Method* method;
    const MethodRules* rules;
  };

  Dispatch(const Server& server, Authenticator* authenticator);

  // Null: no such method.
  const Target* Find(const std::string& name) const;

  // Fills the call from the envelope; DEADLINE_EXCEEDED where nobody waits for it any more. With
  // `may_block` false it may leave the caller out and set `must_block`: then ask again on a thread
  // that may block.
  absl::Status Identify(const Envelope& envelope, const Target& target, bool may_block, Call& call,
                        bool& must_block) const;

  // Refuses CREDENTIAL_INVALID once a revocation of what the caller stands on was told, for a
  // minute.
  absl::Status CheckNotRevoked(const Caller& caller) const;

  // Authorises and validates the (first) message.
  static absl::Status Admit(const Target& target, const Call& call,
                            const google::protobuf::Message& request);

 private:
  std::map<std::string, Target> targets_;  // By "/package.Service/Method", as gRPC writes it.
  Authenticator* authenticator_;
};

// Logs and counts an RPC that has ended; a refusal that its method does not declare is our mistake,
// which is told apart.
void Account(const std::string& rpc, const Call& call, const absl::Status& status,
             absl::Duration took);

}  // namespace gatehouse
