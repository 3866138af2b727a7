#pragma once

namespace gatehouse {

// What keeps a client out of its organisation's portal, among the scopes of its principal; with
// neither of them it is in.
inline constexpr char kPortalClosed[] = "portal.closed";
inline constexpr char kTermsDue[] = "portal.terms";

}  // namespace gatehouse
