#pragma once

#include <string>
#include <vector>

#include "services/documents/uploads/domain/document.h"

namespace gatehouse::documents {

// What of a document is searched: its name, its label and the title of the request that it answers,
// folded as WordsOf() does it.
std::string SearchTextOf(const Document& document, const std::string& request_title);

// The words of a query, each of which has to be in that text. None: everything is found.
std::vector<std::string> WordsOf(const std::string& query);

}  // namespace gatehouse::documents
