#pragma once

#include <string>
#include <vector>

#include "gatehouse/common/v1/erasure.pb.h"
#include "services/common/jobs/erasing.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// Takes a contact out of the mirror, of every case that has it, which get another etag;
// invitations follow by `calls`. The cases, in their order, whose rows are held from then on.
std::vector<std::string> LeaveMirror(Transaction& tx, const std::string& organisation_id,
                                     const std::string& contact_id, OutboxCalls& calls,
                                     common::v1::EraseContactResponse& receipt);

// Erases what all nouns of this service keep of the subject but the mirror: what it said and did,
// what was made for it alone, and where others name it. Accepted offers and terms stay. The one
// place that knows the tables of all nouns, since nobody else may have an end of his own for them.
void EraseOwnData(Transaction& tx, const std::string& organisation_id,
                  const common::v1::Subject& subject, common::v1::EraseContactResponse& receipt);

}  // namespace gatehouse::cases
