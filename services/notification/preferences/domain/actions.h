#pragma once

#include <string>
#include <vector>

namespace gatehouse::notification {

enum class ClientDelivery { kByDefault = 0, kEmail = 1, kSms = 2, kBoth = 3, kNone = 4 };
enum class StaffDelivery { kByDefault = 0, kAtOnce = 1, kDaily = 2, kSms = 3, kNone = 4 };

// Something that clients can be told of.
struct ClientAction {
  std::string name;  // Of a kind of message, or an event's type.
  ClientDelivery by_default = ClientDelivery::kNone;
  std::string email_kind, sms_kind;  // The kinds of message that tell it; empty: not by that.
  bool required = false;             // It must go out, to everybody whom it is for.
  bool without_secret = false;       // Of what is required: another service may have it told.
  std::string says;                  // Of an event: what a client reads of it.
  // Of an event that names no contact: whether it is every invited contact's. Otherwise nobody's.
  bool to_all = false;
};

// An event that the owner of a case can be told of.
struct StaffAction {
  std::string event;
  StaffDelivery by_default = StaffDelivery::kNone;
  std::string says;   // `{who}` stands for the contact who did it.
  std::string needs;  // Only an event with this fact is told; empty: any.
};

// A declared event of the feed.
struct DeclaredEvent {
  std::string type;
  bool concerns_clients = false;
};

// All that can be told: what is no event, and every declared event, those of later versions too.
class Actions {
 public:
  explicit Actions(const std::vector<DeclaredEvent>& events);

  const std::vector<ClientAction>& for_clients() const { return for_clients_; }
  const std::vector<StaffAction>& for_staff() const { return for_staff_; }
  // Null: there is none by this name.
  const ClientAction* FindForClients(const std::string& name) const;
  const StaffAction* FindForStaff(const std::string& event) const;
  // The one, which is no event, that messages of this kind tell.
  const ClientAction* FindForKind(const std::string& kind) const;

 private:
  std::vector<ClientAction> for_clients_;
  std::vector<StaffAction> for_staff_;
};

}  // namespace gatehouse::notification
