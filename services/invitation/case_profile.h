#pragma once

#include "gatehouse/cases/v1/cases.pb.h"
#include "services/invitation/domain/directory.h"

namespace gatehouse::invitation {

// A case as cases tells of it: names on one line and not too long for a message, addresses as mail
// goes to them.
CaseProfile ProfileOf(const cases::v1::LookUpCaseResponse& mirror);

}  // namespace gatehouse::invitation
