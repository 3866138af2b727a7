#include "services/notification/conversations/domain/conversation.h"

#include <algorithm>

#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/text/characters.h"
#include "services/notification/templates/domain/kinds.h"
#include "services/notification/templates/domain/render.h"

namespace gatehouse::notification {
namespace {

constexpr size_t kTextMax = 10000;

absl::Status NotInvited() {
  return Refuse(v1::CONTACT_NOT_INVITED, "nobody of them has an access to this case");
}

}  // namespace

absl::StatusOr<std::vector<CaseContact>> Recipients(const MirroredCase& mirrored,
                                                    const std::vector<std::string>& contact_ids) {
  std::vector<CaseContact> recipients;
  for (const CaseContact& contact : mirrored.contacts) {
    const bool named =
        std::find(contact_ids.begin(), contact_ids.end(), contact.contact_id) != contact_ids.end();
    if (named && !contact.invited) return NotInvited();
    if (named || (contact_ids.empty() && contact.invited)) recipients.push_back(contact);
  }
  for (const std::string& id : contact_ids) {
    if (mirrored.Find(id) != nullptr) continue;
    return Refuse(common::v1::NOT_FOUND, "there is no such contact on this case");
  }
  if (recipients.empty()) return NotInvited();
  return recipients;
}

absl::StatusOr<std::vector<MessageRecipient>> TextsFor(
    const std::vector<CaseContact>& contacts, const Text& own, const StoredTemplate& chosen,
    const std::map<std::string, std::string>& values) {
  const Kind& kind = *FindKind("staff-message");
  std::vector<MessageRecipient> texts;
  for (const CaseContact& contact : contacts) {
    std::map<std::string, std::string> of_contact = values;
    of_contact["contact_name"] = contact.name;
    ASSIGN_OR_RETURN(const Text text, Render(kind, own, chosen.text, of_contact));
    if (IsBlank(text.body)) return RefuseField("text", "there is nothing to read");
    texts.push_back({contact.contact_id, text.subject, Cut(text.body, kTextMax)});
  }
  return texts;
}

}  // namespace gatehouse::notification
