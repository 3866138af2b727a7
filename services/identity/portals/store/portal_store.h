#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "services/common/postgres/postgres.h"
#include "services/identity/domain/keys.h"

namespace gatehouse::identity {

// What is said of an organisation's portal. A version of 0: nothing is said of that.
struct PortalNews {
  bool enabled = true;
  int64_t settings_version = 0;
  int terms_version = 0;
};

// What a principal stands on while its organisation's portal is in this state: what a revocation
// names when it is in another one.
std::string PortalStateId(const std::string& organisation_id, int64_t version);

// The columns that NotePortal reads, of the account of `u` and the row `p` of its organisation's
// portal, which may be missing.
inline constexpr char kPortalOfU[] =
    " coalesce(p.version, 0) AS portal_version, coalesce(p.enabled, true) AS portal_enabled, "
    "coalesce(p.terms_version, 0) > coalesce((SELECT t.terms_version FROM terms_accepted AS t "
    "WHERE t.organisation_id = u.organisation_id AND t.account_id = u.account_id), 0) AS "
    "terms_due ";

// Says of a session what keeps it out of the portal. That is asked about with each of its uses,
// lest it is kept out for longer; what lets it in stands on the state that the portal is in.
void NotePortal(const pqxx::row& row, Credential& credential);

// What keeps clients out of their organisations' portals.
class PortalStore {
 public:
  explicit PortalStore(Postgres& postgres) : postgres_(postgres) {}

  // Keeps what is newer than what is known. The answer is the version of the portal's state now.
  absl::StatusOr<int64_t> Follow(const std::string& organisation_id, const PortalNews& news);
  // An older version than the one that the account has accepted changes nothing.
  absl::Status Accept(const std::string& organisation_id, const std::string& account_id,
                      int terms_version);

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::identity
