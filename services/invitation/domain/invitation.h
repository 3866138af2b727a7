#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"

namespace gatehouse::invitation {

enum class State { kPending = 1, kAccepted = 2, kExpired = 3, kRevoked = 4 };
enum class Delivery { kEmail = 1, kLinkOnly = 2 };
// Where its message stands: numbered as in the contract.
enum class DeliveryState { kNone = 0, kQueued = 1, kSent = 2, kFailed = 3 };

// One contact's access to one case, with the contact as it was when it was invited.
struct Invitation {
  std::string organisation_id, invitation_id, case_id, contact_id;
  State state = State::kPending;
  Delivery delivery = Delivery::kEmail;
  Visibility visibility = Visibility::kAll;
  std::vector<std::string> document_request_ids;
  std::vector<std::string> flow_ids;  // Of the fact find, that it asks to answer.
  std::string contact_name, email, mobile;
  std::string inviter_name;
  std::string portal_url;          // Chosen for it; empty: the organisation's first one.
  std::string message_request_id;  // Of its latest message; empty: none.
  absl::Time expire_time, create_time;
  std::optional<absl::Time> send_time, accept_time, revoke_time;
  DeliveryState delivery_state = DeliveryState::kNone;
};

// The state as it is now: a pending invitation whose time is up is expired.
State StateAt(const Invitation& invitation, absl::Time now);
// Pending or accepted: what the cap counts.
bool IsLive(const Invitation& invitation, absl::Time now);

struct Link {
  std::string link_id;
  std::string token_hash;
  bool single_use = false;
  std::string used_by;
  bool killed = false;
  absl::Time expire_time, create_time;
};

// A client who has just proven who they are, by a link.
struct Entry {
  std::string organisation_id, case_id, invitation_id, link_id;
  std::string challenge_id;  // That was passed.
  bool link_serves_many = false;
};

// The token in what a client opened or pasted: the token itself, `#token`, or a whole link, with
// blanks and punctuation that came along. Empty where there is none.
std::string TokenIn(const std::string& pasted);

constexpr size_t kLiveLinksMax = 10;

enum class LinkState { kActive = 1, kExpired = 2, kRevoked = 3, kUsed = 4 };
LinkState LinkStateAt(const Link& link, const Invitation& invitation, absl::Time now);
// Refuses LINK_EXPIRED, LINK_REVOKED and LINK_USED.
absl::Status CheckLink(LinkState state);

// OK if the invitation may be sent again: pending or expired. Refuses INVITATION_ACCEPTED and
// INVITATION_REVOKED.
absl::Status CheckResend(State state);
// OK if another link may be made. Refuses INVITATION_EXPIRED, INVITATION_REVOKED and
// LINK_LIMIT_REACHED.
absl::Status CheckNewLink(State state, const std::vector<Link>& links, absl::Time now);

}  // namespace gatehouse::invitation
