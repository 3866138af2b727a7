#include "services/common/base/caller.h"

#include <algorithm>

namespace gatehouse {
namespace {

thread_local const Call* current = nullptr;

}  // namespace

bool Caller::StandsOn(const std::function<bool(const std::string&)>& ended) const {
  return ended(credential_id) || std::any_of(ancestors.begin(), ancestors.end(), ended) ||
         std::any_of(cases.begin(), cases.end(),
                     [&](const CaseAccess& access) { return ended(access.invitation_id); });
}

const CaseAccess* Caller::AccessTo(const std::string& case_id) const {
  for (const CaseAccess& access : cases) {
    if (access.case_id == case_id) return &access;
  }
  return nullptr;
}

const Call& Call::Current() {
  static const Call none;
  return current != nullptr ? *current : none;
}

CallScope::CallScope(const Call& call) : previous_(current) { current = &call; }
CallScope::~CallScope() { current = previous_; }

}  // namespace gatehouse
