#include "tests/support/places.h"

namespace gatehouse {

std::string InSource(const std::string& path) { return GATEHOUSE_SOURCE "/" + path; }

std::string InBuild(const std::string& path) { return GATEHOUSE_BUILD "/" + path; }

}  // namespace gatehouse
