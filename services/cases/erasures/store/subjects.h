#pragma once

#include <set>
#include <string>

#include "gatehouse/common/v1/erasure.pb.h"
#include "gatehouse/common/v1/export.pb.h"
#include "services/cases/erasures/domain/known_as.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// Who a contact is: what it is known by, of that what is its alone, and whom its cases have
// besides. For erasures, and for exports.

// What the mirror knows of it, and what clients changed there: as far as it is its alone.
common::v1::Subject Gather(Transaction& tx, const std::string& organisation_id,
                           const std::string& contact_id);
// The same, now that `more` is known of it.
common::v1::Subject Narrow(Transaction& tx, const std::string& organisation_id,
                           const common::v1::Subject& subject, const common::v1::Subject& more);

// The other contacts of its cases, by what the subject is not known by itself.
common::v1::OtherContacts OthersOf(Transaction& tx, const std::string& organisation_id,
                                   const common::v1::Subject& subject);

}  // namespace gatehouse::cases
