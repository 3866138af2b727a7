#pragma once

#include "gatehouse/identity/v1/challenges.pb.h"
#include "services/invitation/domain/directory.h"

namespace gatehouse::invitation {

identity::v1::StartChallengeRequest ToProto(const CodeRequest& request);

}  // namespace gatehouse::invitation
