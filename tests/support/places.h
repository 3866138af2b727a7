#pragma once

#include <string>

namespace gatehouse {

// Paths of what tests read and start, from those within the checkout and within its build folder.
// One file alone is compiled with the folders' names: else no test's object would be another
// clone's, and the compiler cache would know none of them.
std::string InSource(const std::string& path);
std::string InBuild(const std::string& path);

}  // namespace gatehouse
