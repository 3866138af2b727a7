#pragma once

#include <string>
#include <vector>

#include "services/cases/pipelines/domain/moves.h"

namespace gatehouse::cases {

// What clients see of a case's place. `passed` are the states that it stood in, oldest first, the
// present one included; those that this version of the pipeline does not have are left out.
// `language` is a BCP 47 tag, or empty. The stages are there where `with_stages` says so.
v1::PortalStatus StatusOf(const Place& place, const std::vector<std::string>& passed,
                          const std::string& language, bool with_stages = true);

// What clients read of a state: in the language, else in one of the same language elsewhere (`en`
// for `en-AU`), else its first text, else its name for staff.
v1::ClientText TextOf(const State& state, const std::string& language);

}  // namespace gatehouse::cases
