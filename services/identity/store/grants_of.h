#pragma once

#include <string>
#include <vector>

#include "services/common/postgres/postgres.h"
#include "services/identity/domain/access_store.h"

namespace gatehouse::identity {

constexpr int kGrantsMax = 8;  // Of a session.

// Whose grants: of these accounts, what this phone may enter, and this address (empty: any).
struct GrantsWanted {
  std::string organisation_id;
  std::vector<std::string> account_ids;
  std::string phone_id, email_key;
};

// What they may enter, newest first, kGrantsMax at most.
std::vector<CaseAccess> GrantsOf(Transaction& tx, const GrantsWanted& wanted);

// Adds to a session that was made just now what else they may enter, kGrantsMax in all.
void AddGrantsTo(Transaction& tx, Session& session, const std::string& entered_by,
                 const GrantsWanted& wanted);

}  // namespace gatehouse::identity
