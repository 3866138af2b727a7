#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"
#include "services/identity/domain/actor.h"
#include "services/identity/domain/credentials.h"
#include "services/identity/domain/factor.h"

namespace gatehouse::identity {

// Who proves himself with what: the account of a contact with a phone, and the phone, as keyed
// hashes. An e-mail address makes nobody the same: two clients may share one, and a link proves no
// mailbox.
struct FactorKey {
  std::string organisation_id, account_id, factor_id;
};

// Whether a factor may be tried.
struct FactorState {
  absl::Time locked_until = absl::InfinitePast();
  bool disabled = false;
  int64_t resets = 0;  // How often staff have reset what the account signs in with.
};

// A signed-in client.
struct Session {
  std::string session_id, user_agent, client_address;
  std::vector<std::string> case_ids;
  absl::Time create_time, last_use_time, expire_time;
  std::string replaces;  // Of a new one: the session that it took the place of; empty: none.
};

// What an invitation gave who entered by it, and when it did so first.
struct CaseGrant {
  CaseAccess access;
  absl::Time create_time;
};

struct NewSession {
  std::string session_id;
  std::string token_hash;
  // Of the session that the client brought (empty: none): where the same phone proved it, it ends,
  // and what it could enter the new one may enter too.
  std::string earlier_token_hash;
  FactorKey factor;
  Subject subject;
  // The phone of an account that proved another factor: the grant must be that phone's too.
  std::string phone_id;
};

// Accounts, factors, grants and sessions, which must not be lost: in PostgreSQL. Each method is
// atomic.
class AccessStore {
 public:
  virtual ~AccessStore() = default;
  // Refuses ACCESS_REVOKED where the invitation's access has ended.
  virtual absl::StatusOr<FactorState> FindFactor(const FactorKey& key,
                                                 const std::string& invitation_id) = 0;
  // Counts a failure and locks or disables as LockoutAfter() says.
  virtual absl::Status CountFailure(const FactorKey& key) = 0;
  // The same of a try that is yet to be compared, so that of many at once no more are compared than
  // one after another. Refuses SIGN_IN_LOCKED and SIGN_IN_DISABLED, and counts nothing then.
  virtual absl::Status CountTry(const FactorKey& key) = 0;
  // Makes the grant and the session, with their audit row, and forgets the factor's failures: all
  // or nothing, and the same session where it was made before. After a password the session enters
  // the other cases of its accounts too, eight in all. Refuses SIGN_IN_LOCKED, SIGN_IN_DISABLED,
  // ACCESS_REVOKED, PASSWORD_WRONG where the password is another one by now, and CHALLENGE_EXPIRED
  // where staff have reset the account's factors since the subject's entry began.
  virtual absl::StatusOr<Session> Enter(const NewSession& session, const Call& call) = 0;
  // Ends the locks of an account's factors, and forgets their failures.
  virtual absl::Status Unlock(const FactorKey& key, const std::string& case_id, const Actor& actor,
                              const Call& call) = 0;
  // Lets only this factor enter by the grant from now on, and ends the sessions of any other one
  // that hold it, whose ids it returns. Said twice, it changes nothing.
  virtual absl::StatusOr<std::vector<std::string>> RebindGrant(const std::string& organisation_id,
                                                               const CaseAccess& access,
                                                               const std::string& factor_id,
                                                               const std::string& actor_name,
                                                               const Call& call) = 0;
  // Ends the grant for good, and takes it out of every session: those that are left with none end.
  // Their ids. Harmless to repeat.
  virtual absl::StatusOr<std::vector<std::string>> RevokeGrant(const std::string& organisation_id,
                                                               const std::string& invitation_id,
                                                               const std::string& case_id,
                                                               const Actor& actor,
                                                               const Call& call) = 0;
  // Whom a live session stands for; its use keeps it from idling out.
  virtual absl::StatusOr<std::optional<Credential>> UseSession(const std::string& token_hash) = 0;
  // The document requests that an invitation chose; empty: all. Refuses NOT_FOUND.
  virtual absl::StatusOr<std::vector<std::string>> ListChosenRequests(
      const std::string& organisation_id, const std::string& invitation_id) = 0;
  // What invitations gave who may enter this case, oldest first, 200 at most.
  virtual absl::StatusOr<std::vector<CaseGrant>> ListCaseGrants(const std::string& organisation_id,
                                                                const std::string& case_id) = 0;
  // One live session. Refuses NOT_FOUND.
  virtual absl::StatusOr<Session> FindSession(const std::string& organisation_id,
                                              const std::string& session_id) = 0;
  // The account's live sessions, latest used first, 100 at most.
  virtual absl::StatusOr<std::vector<Session>> ListSessions(const std::string& organisation_id,
                                                            const std::string& account_id) = 0;
  // Ends one of the caller's account's sessions. Refuses NOT_FOUND.
  virtual absl::Status EndSession(const std::string& session_id, const Call& call) = 0;
};

}  // namespace gatehouse::identity
