#pragma once

#include "gatehouse/identity/v1/challenges.pb.h"
#include "services/invitation/domain/directory.h"

namespace gatehouse::invitation {

identity::v1::StartChallengeRequest ToProto(const CodeRequest& request);
StartedChallenge FromProto(const identity::v1::Challenge& challenge);
Entry EntryOf(const identity::v1::VerifyChallengeResponse& verified,
              const std::string& challenge_id);

// The host of a URL, without its port: what a code's SMS is bound to.
std::string HostOf(const std::string& url);

}  // namespace gatehouse::invitation
