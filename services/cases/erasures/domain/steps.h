#pragma once

#include <string>

#include "absl/time/time.h"

namespace gatehouse::cases {

// An erasure goes through the services one by one, twice: what the first round found under way (an
// upload, a message, a call that one service owed another) has ended by the second, which takes
// what it left. First what lets the client in, last what the others tell.
enum class ErasureAct {
  kLookUp,  // What invitation knew the contact by.
  kInvitation,
  kIdentity,
  kDocuments,
  kCases,
  kNotification,
  kDone
};

// The steps are numbered from 0 on; those of the second round follow the first.
ErasureAct ActOf(int step);
// The service that is to act, by its name; empty: none, it is done.
std::string ServiceOf(ErasureAct act);
// How long a step waits after the one before it, where the rounds are so far apart.
absl::Duration WaitBefore(int step, absl::Duration between_rounds);

}  // namespace gatehouse::cases
