#pragma once

#include <string>

#include "absl/time/clock.h"
#include "services/common/base/caller.h"

namespace gatehouse {

// Calls as the server would hand them to a handler.
inline Call StaffCall(const std::string& organisation_id = "acme") {
  Call call;
  call.caller = {.kind = CallerKind::kStaff,
                 .organisation_id = organisation_id,
                 .actor_id = "key_1",
                 .actor_name = "Sam Staff",
                 .region = "AU",
                 .scopes = {"*"},
                 .credential_id = "key_1"};
  call.deadline = absl::Now() + absl::Seconds(30);
  call.request_id = "req_test";
  return call;
}

inline Call ServiceCall(const std::string& organisation_id = "acme") {
  Call call = StaffCall(organisation_id);
  call.caller = {.kind = CallerKind::kService, .organisation_id = organisation_id};
  call.client_address = "192.0.2.7";
  call.user_agent = "Browser/1";
  return call;
}

inline Call ClientCall(const CaseAccess& access, const std::string& organisation_id = "acme") {
  Call call = StaffCall(organisation_id);
  call.caller = {.kind = CallerKind::kClient,
                 .organisation_id = organisation_id,
                 .actor_id = "acc_1",
                 .actor_name = "Ada Client",
                 .region = "AU",
                 .credential_id = "ses_1",
                 .cases = {access}};
  return call;
}

}  // namespace gatehouse
