#pragma once

#include <string>
#include <vector>

#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// Makes these cases found by the words that they have now. Whoever changes a case's name or its
// contacts says so in the same transaction, when the case is as it will be.
void IndexWords(Transaction& tx, const std::string& organisation_id,
                const std::vector<std::string>& case_ids);

}  // namespace gatehouse::cases
