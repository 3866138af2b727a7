#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "gatehouse/invitation/v1/events.pb.h"
#include "gatehouse/invitation/v1/portals.pb.h"
#include "services/common/base/page.h"
#include "services/invitation/domain/directory.h"
#include "services/invitation/domain/invitation.h"
#include "services/invitation/domain/policy.h"

namespace gatehouse::invitation {

// How far a contact's access has come, as cases shows it: numbered as in its contract.
enum class Portal { kInvited = 2, kActive = 3, kRevoked = 4 };

// An e-mail to the contact. The values hold the link: they rest sealed.
struct Mail {
  std::string request_id, template_id, language, subject, body;
  std::vector<std::pair<std::string, std::string>> values;
  absl::Time expire_time;
};

// What the feed of events hears of a change, if anything. Its fields follow from the invitation.
using Event = std::variant<std::monostate, v1::InvitationCreated, v1::InvitationResent,
                           v1::InvitationLinkCreated, v1::InvitationMobileChanged,
                           v1::InvitationAccepted, v1::InvitationRevoked, v1::InvitationExpired>;

// A number that was corrected: only the new one enters from now on.
struct Rebinding {
  // Who is told of it by SMS, in whose name; an empty number: nobody.
  std::string old_mobile, organisation_name;
};

// A change to keep, with everything that others must hear of it: they do hear of it, if and only if
// the change is kept.
struct Change {
  Invitation invitation;
  std::vector<Link> new_links;
  bool kill_old_links = false;
  // Those of the contact's other invitations too, with the same note on each of their cases.
  bool kill_links_of_contact = false;
  // The links that are alive end then at the earliest.
  std::optional<absl::Time> links_end;
  bool replaces_expired = false;  // An expired invitation of the contact makes room for this one.
  std::optional<Mail> mail;
  std::optional<CodeRequest> code;
  Event event;
  std::string note;  // On the case; empty: none.
  std::string author;
  std::optional<Portal> portal;
  bool revoke_grant = false;
  std::optional<Rebinding> rebinding;
  bool rebinds_address = false;  // Only the address that it has now enters from now on.
  std::string etag;  // Of the case in the mirror that was looked at for it; empty: none was.
};

// What to keep; nothing to keep; or a refusal, which keeps nothing.
using Decision = absl::StatusOr<std::optional<Change>>;

struct FoundLink {
  Link link;
  Invitation invitation;
  // What holds for it where its organisation is of this region.
  std::function<Policy(const std::string& region)> policy_in;
  cases::v1::PortalLook look;  // Of its organisation's portal.
};

class Store {
 public:
  virtual ~Store() = default;

  // Under the case's lock: gives `decide` the case's invitations (the newest 1,000), and keeps what
  // it decides, or nothing if it refuses. Nothing to keep: an empty optional.
  using Decide = std::function<Decision(const std::vector<Invitation>&)>;
  virtual absl::Status Transact(const std::string& organisation_id, const std::string& case_id,
                                const Decide& decide) = 0;

  // Refuses NOT_FOUND.
  virtual absl::StatusOr<Invitation> Get(const std::string& organisation_id,
                                         const std::string& case_id,
                                         const std::string& invitation_id) = 0;
  virtual absl::StatusOr<std::vector<Invitation>> List(const std::string& organisation_id,
                                                       const std::string& case_id,
                                                       const Page& page) = 0;
  // Those of a case that are pending or accepted, as stored: a time may be up. 1,000 at most.
  virtual absl::StatusOr<std::vector<Invitation>> ListOpen(const std::string& organisation_id,
                                                           const std::string& case_id) = 0;
  // What was about a case before it was removed is put aside, under an id that no caller can name.
  virtual absl::Status PutAside(const std::string& organisation_id, const std::string& case_id,
                                const std::string& aside_id, absl::Time remove_time) = 0;
  // Oldest first.
  virtual absl::StatusOr<std::vector<Link>> ListLinks(const std::string& organisation_id,
                                                      const std::string& invitation_id) = 0;
  // Of whichever organisation. Refuses NOT_FOUND, and PORTAL_DISABLED where its portal is closed.
  virtual absl::StatusOr<FoundLink> FindLink(const std::string& token_hash) = 0;
  // Marks a single-use link as used by this challenge; others are left alone. Refuses LINK_USED
  // where another challenge has used it.
  virtual absl::Status UseLink(const std::string& organisation_id, const std::string& link_id,
                               const std::string& challenge_id) = 0;
  // Marks a pending invitation accepted, under the case's lock, and tells what `tell` makes of it;
  // any other one is left alone. The state that it had. A shorter way than Transact(), for what
  // each first entry costs. Refuses NOT_FOUND.
  using Tell = std::function<Change(const Invitation& accepted)>;
  virtual absl::StatusOr<State> Accept(const Entry& entry, absl::Time now, const Tell& tell) = 0;

  // How the organisation's portal is now, unless a later version of its settings said so.
  virtual absl::Status SetPortal(const std::string& organisation_id,
                                 const v1::FollowPortalRequest& now) = 0;
  // Refuses PORTAL_DISABLED where it is closed.
  virtual absl::Status CheckPortal(const std::string& organisation_id) = 0;
  // How it looks; as by default, where nothing else was said. Refuses PORTAL_DISABLED too.
  virtual absl::StatusOr<cases::v1::PortalLook> LookOfPortal(
      const std::string& organisation_id) = 0;

  // What holds for an organisation of this region.
  virtual absl::StatusOr<Policy> GetPolicy(const std::string& organisation_id,
                                           const std::string& region) = 0;
};

}  // namespace gatehouse::invitation
