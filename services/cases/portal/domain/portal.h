#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gatehouse/cases/v1/portal.pb.h"

namespace gatehouse::cases {

using PortalSettings = v1::PortalSettings;

// Refuses CONTRAST_TOO_LOW, VIDEO_LINK_UNKNOWN, and INVALID_REQUEST for a language that stands
// twice, or a state with two videos.
absl::Status CheckPortal(const PortalSettings& settings);

// What a page shows of it before anybody has signed in.
v1::PortalLook LookOf(const PortalSettings& settings);

// OK, or PORTAL_DISABLED.
absl::Status CheckEnabled(const PortalSettings& settings);

// What clients may edit of contacts.
std::vector<v1::ContactField> EditableBy(const PortalSettings& settings);

// The video of a state in a pipeline, which is a sub-state of `parent_id` (empty: of none).
std::optional<v1::Video> VideoOf(const PortalSettings& settings, const std::string& pipeline_id,
                                 const std::string& state_id, const std::string& parent_id);

// INVALID_REQUEST for a language that stands twice.
absl::Status CheckTerms(const v1::PublishTermsRequest& request);
// In the language, else in one of the same language elsewhere, else the first.
const v1::TermsText& TextOf(const v1::Terms& terms, const std::string& language);

}  // namespace gatehouse::cases
