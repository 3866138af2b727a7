#include "services/invitation/domain/wanted.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace gatehouse::invitation {
namespace {

constexpr size_t kTextMax = 900;  // A message's value may have 1,000 characters.
constexpr size_t kRoomForMore = 30;

bool Concerns(const WantedDocument& wanted, const Invitation& invitation) {
  const auto& chosen = invitation.document_request_ids;
  const bool shown = chosen.empty() || std::find(chosen.begin(), chosen.end(),
                                                 wanted.document_request_id) != chosen.end();
  return shown && (wanted.contact_id.empty() || wanted.contact_id == invitation.contact_id);
}

std::string LineOf(const WantedDocument& wanted) {
  const std::string due =
      wanted.due_date.empty() ? "" : absl::StrCat(" (by ", wanted.due_date, ")");
  return absl::StrCat("- ", wanted.title, due, "\n");
}

}  // namespace

std::string WantedText(const std::vector<WantedDocument>& wanted, const Invitation& invitation) {
  std::string text = "You are asked for:\n\n";
  int shown = 0, more = 0;
  for (const WantedDocument& one : wanted) {
    if (!Concerns(one, invitation)) continue;
    const std::string line = LineOf(one);
    const bool fits = more == 0 && text.size() + line.size() + kRoomForMore <= kTextMax;
    if (fits) absl::StrAppend(&text, line);
    ++(fits ? shown : more);
  }
  if (more > 0) absl::StrAppend(&text, "- and ", more, " more\n");
  return shown + more == 0 ? "" : text + "\n";
}

}  // namespace gatehouse::invitation
