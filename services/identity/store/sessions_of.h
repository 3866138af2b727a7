#pragma once

#include <string>
#include <vector>

#include "services/common/postgres/postgres.h"

namespace gatehouse::identity {

// Ends the sessions that began as one of these accounts, and those of others that have added a case
// of theirs (a client may be several contacts); but for `kept_session`. Their ids.
std::vector<std::string> EndSessionsOf(Transaction& tx, const std::string& organisation_id,
                                       const std::vector<std::string>& account_ids,
                                       const std::string& kept_session);

}  // namespace gatehouse::identity
