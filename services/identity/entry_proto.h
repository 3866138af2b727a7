#pragma once

#include "gatehouse/identity/v1/challenges.pb.h"
#include "gatehouse/identity/v1/sessions.pb.h"
#include "services/identity/domain/challenges.h"

namespace gatehouse::identity {

v1::Challenge ToProto(const Challenge& challenge);
v1::Session ToProto(const Session& session);
v1::VerifyChallengeResponse ToProto(const Challenges::Entered& entered);

}  // namespace gatehouse::identity
