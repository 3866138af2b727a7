#pragma once

#include <string>

#include "gatehouse/identity/v1/challenges.pb.h"
#include "services/identity/domain/challenges.h"

namespace gatehouse::identity {

// What a challenge is about, from and to its contract.
Subject SubjectFrom(const std::string& organisation_id, const v1::StartChallengeRequest& request);
v1::StartChallengeRequest ToProto(const Subject& subject);

}  // namespace gatehouse::identity
