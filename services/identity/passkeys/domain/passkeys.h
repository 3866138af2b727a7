#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/base/clock.h"
#include "services/common/base/secret.h"
#include "services/identity/domain/challenges.h"
#include "services/identity/passkeys/domain/passkey_store.h"

namespace gatehouse::identity {

// Signing in with a passkey, registering one, and confirming a deed with one. The refusals are the
// contract's.
//
// A ceremony's challenge is derived from its id: nothing in Redis helps to answer it. It is taken
// before anything is compared, so that no answer serves twice; there is nothing to guess, and so
// neither tries nor locks.
class Passkeys {
 public:
  struct Parts {
    PasskeyStore& store;
    PasskeyCeremonies& ceremonies;
    AccessStore& access;
    const Challenges& challenges;  // Who a client is.
    Secret key;
    const Clock& clock;
  };
  explicit Passkeys(Parts parts) : parts_(std::move(parts)) {}

  // What a browser is told.
  struct Begun {
    std::string challenge_id, challenge, host;
    absl::Time expire_time;
    std::vector<std::string> credential_ids;  // That will do, or, of a new one, that there are.
    std::string user_handle;                  // Of a new one.
    Subject subject;                          // Of a new one: whose it will be.
  };

  // Whom a session may stand for: one of these is the account's.
  struct Holder {
    std::string account_id, session_id;
    std::vector<Subject> contacts;
  };
  // `portal_url` is one of the organisation's, normalised.
  absl::StatusOr<Begun> Begin(const Holder& holder, const std::string& portal_url,
                              const Call& call);
  struct Added {
    Passkey passkey;
    std::vector<std::string> ended_sessions;
  };
  // What the page sent, for the calling client.
  absl::StatusOr<Added> Add(const std::string& challenge_id, const std::string& client_data,
                            const std::string& attestation, const std::string& display_name,
                            const Call& call);

  absl::StatusOr<bool> HasAt(const std::string& organisation_id, const std::string& contact_id,
                             const std::string& mobile, const std::string& host);
  // Of the subject, who came by a link or a password; of whoever, where there is none.
  absl::StatusOr<Begun> Start(const std::optional<Subject>& subject, const std::string& portal_url,
                              const Call& call);
  struct Answer {
    std::string challenge_id, credential_id, user_handle;
    Assertion assertion;
    Secret session_token;  // Of the session that the client is in already; empty: none.
  };
  absl::StatusOr<Challenges::Entered> Enter(const Answer& answer, const Call& call);

  // Of a signed-in client, to confirm a deed: what is begun for one serves for no other, and leads
  // nobody in. Only those of the subject's passkeys serve that its phone had proven.
  absl::StatusOr<Begun> StartDeed(const Subject& subject, const std::string& deed_id,
                                  const std::string& portal_url, const Call& call);
  // Which one has confirmed it.
  absl::StatusOr<Passkey> Confirm(const Answer& answer, const std::string& deed_id,
                                  const Call& call);

 private:
  std::string ChallengeOf(const std::string& challenge_id) const;
  std::string HandleOf(const std::string& organisation_id, const std::string& account_id,
                       const std::string& host) const;
  absl::StatusOr<Begun> Keep(const BegunCeremony& ceremony, const Call& call,
                             const std::string& deed_id = "");
  // How often staff have reset the subject's factors, where it may confirm anything.
  absl::StatusOr<int64_t> CheckPhone(const Subject& subject);
  // The passkey that the answer names, if it is one for this ceremony.
  absl::StatusOr<StoredPasskey> FindFor(const BegunCeremony& ceremony, const Answer& answer);
  // What it enters: what led to the ceremony, or the account's latest case.
  absl::StatusOr<Subject> EntryOf(const BegunCeremony& ceremony, const StoredPasskey& passkey);

  const Parts parts_;
};

}  // namespace gatehouse::identity
