#pragma once

#include <string>

// What the client's browser does: it opens the link, and enters with the code of the SMS, which
// `./dev` shows.
void Enter(const std::string& link, const std::string& mobile);
