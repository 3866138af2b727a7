#include "services/notification/preferences/preferences_handler.h"

#include <algorithm>

#include "services/common/rpc/declared_events.h"
#include "services/notification/preferences/stored_preferences.h"
#include "services/notification/preferences/telling_lanes.h"

namespace gatehouse::notification {
namespace {

constexpr char kStaffMail[] = "event-for-staff", kStaffSms[] = "event-for-staff-by-sms";

v1::ClientActionState StateOf(const ClientAction& action, const ClientChoice& choice) {
  v1::ClientActionState state;
  v1::ClientAction& holds = *state.mutable_action();
  holds.set_action(action.name);
  holds.set_delivery(static_cast<v1::ClientDelivery>(choice.delivery));
  holds.set_email_template_id(choice.email_template_id);
  holds.set_sms_template_id(choice.sms_template_id);
  for (const std::string& role : choice.roles) holds.add_roles(role);
  state.set_required(action.required);
  state.set_email_kind(action.email_kind);
  state.set_sms_kind(action.sms_kind);
  return state;
}

v1::StaffActionState StateOf(const StaffAction& action, const StaffChoice& choice) {
  v1::StaffActionState state;
  v1::StaffAction& holds = *state.mutable_action();
  holds.set_event(action.event);
  holds.set_delivery(static_cast<v1::StaffDelivery>(choice.delivery));
  holds.set_email_template_id(choice.email_template_id);
  holds.set_sms_template_id(choice.sms_template_id);
  return state;
}

}  // namespace

Actions DeclaredActions() {
  std::vector<DeclaredEvent> events;
  for (const auto& [type, message] : DeclaredEvents(common::v1::FEED)) {
    const auto& concerns = message->options().GetExtension(common::v1::event).concerns();
    const bool clients =
        std::find(concerns.begin(), concerns.end(), common::v1::CLIENT) != concerns.end();
    events.push_back({type, clients});
  }
  return Actions(events);
}

void PreferencesHandler::Register(Server& server) {
  using Self = PreferencesHandler;
  server.Service("gatehouse.notification.v1.Preferences")
      .Unary("ListNotificationActions", *this, &Self::ListNotificationActions)
      .Unary("GetNotificationSettings", *this, &Self::GetNotificationSettings)
      .Unary("UpdateNotificationSettings", *this, &Self::UpdateNotificationSettings);
  server.Service("gatehouse.notification.v1.Telling")
      .Unary("TellContact", *this, &Self::TellContact);
}

absl::StatusOr<v1::ListNotificationActionsResponse> PreferencesHandler::ListNotificationActions(
    const Call& call, const v1::ListNotificationActionsRequest&) {
  ASSIGN_OR_RETURN(const auto settings, places_.settings.Get(call.caller.organisation_id, ""));
  ASSIGN_OR_RETURN(const Preferences preferences, PreferencesFrom(settings));
  v1::ListNotificationActionsResponse response;
  for (const ClientAction& action : places_.actions.for_clients()) {
    *response.add_client_actions() = StateOf(action, preferences.Of(action));
  }
  for (const StaffAction& action : places_.actions.for_staff()) {
    *response.add_staff_actions() = StateOf(action, preferences.Of(action));
  }
  return response;
}

absl::StatusOr<v1::NotificationSettings> PreferencesHandler::GetNotificationSettings(
    const Call& call, const v1::GetNotificationSettingsRequest&) {
  return places_.settings.Get(call.caller.organisation_id, "");
}

absl::Status PreferencesHandler::Check(const std::string& organisation_id,
                                       const v1::NotificationSettings& settings) const {
  ASSIGN_OR_RETURN(const Preferences preferences, PreferencesFrom(settings));
  RETURN_IF_ERROR(notification::Check(places_.actions, preferences));
  const auto serves = [&](const std::string& template_id, const std::string& kind) {
    const Kind* const found = FindKind(kind);
    if (template_id.empty()) return absl::OkStatus();
    if (found == nullptr) return RefuseField("settings", "the action has no message by that");
    return places_.templates.CheckChoice(organisation_id, *found, template_id, {}, {});
  };
  for (const auto& [name, choice] : preferences.for_clients) {
    const ClientAction& action = *places_.actions.FindForClients(name);
    RETURN_IF_ERROR(serves(choice.email_template_id, action.email_kind));
    RETURN_IF_ERROR(serves(choice.sms_template_id, action.sms_kind));
  }
  for (const auto& [event, choice] : preferences.for_staff) {
    RETURN_IF_ERROR(serves(choice.email_template_id, kStaffMail));
    RETURN_IF_ERROR(serves(choice.sms_template_id, kStaffSms));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::NotificationSettings> PreferencesHandler::UpdateNotificationSettings(
    const Call& call, const v1::UpdateNotificationSettingsRequest& request) {
  const std::string& organisation_id = call.caller.organisation_id;
  const auto update = [&](Transaction& tx) {
    // Perhaps for an earlier time.
    OutboxCalls calls(organisation_id);
    AddPlanning(calls);
    places_.outbox.Add(tx, std::move(calls));
    return places_.settings.Update(
        request.settings(), request.update_mask(), call,
        [&](const auto& settings) { return Check(organisation_id, settings); });
  };
  return places_.once.Run(
      call, request, [&] { return places_.postgres.Write(Rows::Of(organisation_id), update); });
}

absl::StatusOr<v1::TellContactResponse> PreferencesHandler::TellContact(
    const Call& call, const v1::TellContactRequest& request) {
  const ClientAction* const action = places_.actions.FindForClients(request.action());
  const bool told = action != nullptr && (!action->required || action->without_secret);
  if (!told || !action->says.empty()) {
    return WithFact(Refuse(v1::UNKNOWN_ACTION, "a contact is told of no such action"), "action",
                    request.action());
  }
  const Rows mine = Rows::Of(call.caller.organisation_id);
  return places_.postgres.Write(mine,
                                [&](Transaction& tx) -> absl::StatusOr<v1::TellContactResponse> {
                                  OutboxCalls calls(call.caller.organisation_id);
                                  AddTellingOf(request, calls);
                                  places_.outbox.Add(tx, std::move(calls));
                                  return v1::TellContactResponse();
                                });
}

}  // namespace gatehouse::notification
