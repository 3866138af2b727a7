#include "services/invitation/domain/invitation.h"

#include <algorithm>

#include "gatehouse/invitation/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/text/characters.h"

namespace gatehouse::invitation {
State StateAt(const Invitation& invitation, absl::Time now) {
  const bool late = invitation.state == State::kPending && now >= invitation.expire_time;
  return late ? State::kExpired : invitation.state;
}

bool IsLive(const Invitation& invitation, absl::Time now) {
  const State state = StateAt(invitation, now);
  return state == State::kPending || state == State::kAccepted;
}

LinkState LinkStateAt(const Link& link, const Invitation& invitation, absl::Time now) {
  if (link.killed || invitation.state == State::kRevoked) return LinkState::kRevoked;
  if (link.single_use && !link.used_by.empty()) return LinkState::kUsed;
  const bool late = now >= link.expire_time || StateAt(invitation, now) == State::kExpired;
  return late ? LinkState::kExpired : LinkState::kActive;
}

std::string TokenIn(const std::string& pasted) {
  static constexpr char kBase64Url[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  constexpr size_t kTokenLength = 43;  // 256 bits.
  // A mail program may break a long line, or write `#` as %23.
  std::string text = WithoutBlanks(pasted);
  if (const size_t hash = text.rfind('#'); hash != std::string::npos) {
    text.erase(0, hash + 1);
  } else if (const size_t escaped = text.rfind("%23"); escaped != std::string::npos) {
    text.erase(0, escaped + 3);
  }
  const size_t first = text.find_first_of(kBase64Url);
  if (first == std::string::npos) return "";
  const size_t end = std::min(text.find_first_not_of(kBase64Url, first), text.size());
  return text.substr(first, std::min(end - first, kTokenLength));
}

absl::Status CheckLink(LinkState state) {
  switch (state) {
    case LinkState::kExpired:
      return Refuse(v1::LINK_EXPIRED, "the link has expired: ask for a new one");
    case LinkState::kRevoked:
      return Refuse(v1::LINK_REVOKED, "the link has been withdrawn, or a newer one was sent");
    case LinkState::kUsed:
      return Refuse(v1::LINK_USED, "the link has served its one sign-in: ask for a new one");
    default:
      return absl::OkStatus();
  }
}

absl::Status CheckResend(State state) {
  if (state == State::kAccepted) {
    return Refuse(v1::INVITATION_ACCEPTED, "the client has entered already: copy a link");
  }
  if (state == State::kRevoked) {
    return Refuse(v1::INVITATION_REVOKED, "the invitation was revoked: make a new one");
  }
  return absl::OkStatus();
}

absl::Status CheckNewLink(State state, const std::vector<Link>& links, absl::Time now) {
  if (state == State::kExpired) {
    return Refuse(v1::INVITATION_EXPIRED, "the invitation has expired: send it again");
  }
  if (state == State::kRevoked) {
    return Refuse(v1::INVITATION_REVOKED, "the invitation was revoked: make a new one");
  }
  const auto live = std::count_if(links.begin(), links.end(), [&](const Link& link) {
    return !link.killed && link.expire_time > now;
  });
  if (live < static_cast<std::ptrdiff_t>(kLiveLinksMax)) return absl::OkStatus();
  return Refuse(v1::LINK_LIMIT_REACHED, "ten links are alive: send the invitation again");
}

}  // namespace gatehouse::invitation
