#pragma once

#include <string>

namespace gatehouse::cases {

// By which word a case is found that has a phone number which ends so: `search_number()` of
// migrations/0021_search.sql says how it is made. Empty where the query cannot be a number: fewer
// than four digits (of any script), or beside them something that numbers are not written with.
std::string NumberWord(const std::string& query);

}  // namespace gatehouse::cases
