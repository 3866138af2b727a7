#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#include "services/common/jobs/events.h"

namespace gatehouse {

// In every program of tests, of all that is linked into it.
TEST_CASE("each event that a line of this program tells is declared", "[unit]") {
  CHECK(UndeclaredOf(ToldEvents()) == std::vector<std::string>());
}

}  // namespace gatehouse
