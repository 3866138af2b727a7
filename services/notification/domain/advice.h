#pragma once

#include <string>

#include "services/notification/domain/store.h"

namespace gatehouse::notification {

// Of a message that has not arrived: why not, and what staff can do about it, in a sentence. Empty
// where all is well, as far as is known.
std::string AdviceOn(const Message& message);

}  // namespace gatehouse::notification
