#include "services/notification/preferences/domain/preferences.h"

#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::notification {
namespace {

absl::Status Unknown(const std::string& action) {
  return WithFact(Refuse(v1::UNKNOWN_ACTION, "there is no such action to tell of: list them"),
                  "action", action);
}

template <typename Choices, typename Action>
auto ChoiceOf(const Choices& choices, const std::string& name, const Action& action) {
  const auto found = choices.find(name);
  auto choice = found == choices.end() ? typename Choices::mapped_type() : found->second;
  if (choice.delivery == decltype(choice.delivery)::kByDefault) choice.delivery = action.by_default;
  return choice;
}

}  // namespace

ClientChoice Preferences::Of(const ClientAction& action) const {
  return ChoiceOf(for_clients, action.name, action);
}

StaffChoice Preferences::Of(const StaffAction& action) const {
  return ChoiceOf(for_staff, action.event, action);
}

absl::Status Check(const Actions& actions, const Preferences& preferences) {
  for (const auto& [name, choice] : preferences.for_clients) {
    const ClientAction* const action = actions.FindForClients(name);
    if (action == nullptr) return Unknown(name);
    if (!action->required) continue;
    if (preferences.Of(*action).delivery == action->by_default && choice.roles.empty()) continue;
    return WithFact(
        Refuse(v1::ACTION_REQUIRED, "it must go out, as it does by default: change its text only"),
        "action", name);
  }
  for (const auto& [event, choice] : preferences.for_staff) {
    if (actions.FindForStaff(event) == nullptr) return Unknown(event);
  }
  return absl::OkStatus();
}

}  // namespace gatehouse::notification
