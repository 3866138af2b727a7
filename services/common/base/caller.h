#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/common/base/trace.h"

namespace gatehouse {

enum class CallerKind { kAnonymous, kOperator, kStaff, kClient, kService };

// What a client may see of a case: everything, or what concerns its own contact.
enum class Visibility { kAll, kOwn };

// One case that a client may enter, and as whom.
struct CaseAccess {
  std::string case_id;
  std::string contact_id;
  std::string invitation_id;
  Visibility visibility = Visibility::kOwn;
  // Whether the invitation chose among the case's document requests. Which ones, a credential does
  // not say, lest it grows with them: documents, where it matters, asks identity.
  bool chose_requests = false;
  std::vector<std::string> document_request_ids;  // Those, where they were asked for.
};

// Who is calling. It comes from a verified credential, never from the request.
struct Caller {
  CallerKind kind = CallerKind::kAnonymous;
  // The organisation of STAFF and CLIENT. For SERVICE, the one on whose behalf it calls. Empty for
  // OPERATOR and ANYONE.
  std::string organisation_id;
  // Whom the audit trail names: an API key's id, a staff actor's id, an account, a service.
  std::string actor_id;
  std::string actor_name;
  std::string region;  // The organisation's, as ISO 3166-1 alpha-2; empty for OPERATOR and SERVICE.
  // STAFF: what the credential may do. CLIENT: what keeps it out of the portal so far, which is
  // empty for who has come in (kPortalClosed, kTermsDue).
  std::vector<std::string> scopes;
  // What a revocation names: the id of the session, the API key or the staff token.
  std::string credential_id;
  std::vector<CaseAccess> cases;     // CLIENT
  std::vector<std::string> origins;  // CLIENT: whose pages may use the session.
  // STAFF: the credentials that minted this one, outermost first; the end of one is its end too.
  std::vector<std::string> ancestors;
  absl::Time expires_at = absl::InfiniteFuture();  // The credential's end, as known now.

  // Whether it has ended: where `ended` says so of its credential's id, that of one which minted
  // it, or an invitation of its cases. A revocation may name any of them.
  bool StandsOn(const std::function<bool(const std::string&)>& ended) const;

  // The access to this case, or null.
  const CaseAccess* AccessTo(const std::string& case_id) const;
};

// One RPC being served: who calls, by when it must end, and what the log calls it.
struct Call {
  Caller caller;
  absl::Time deadline = absl::InfiniteFuture();
  std::string request_id;
  // What whoever called from outside named the request: noted beside ours, and nothing more.
  std::string client_request_id;
  Trace trace;  // With the step that is under way.
  // The client's address and browser as the gateway saw them; for direct gRPC the peer's address.
  std::string client_address;
  std::string user_agent;

  // The call that this thread is serving, or an empty one: for adapters (SQL, Redis, clients,
  // logs), which need the deadline and the request id but are no business of the domain's.
  static const Call& Current();
};

// Makes `call` the current one of this thread while in scope.
class CallScope {
 public:
  explicit CallScope(const Call& call);
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

 private:
  const Call* previous_;
};

}  // namespace gatehouse
