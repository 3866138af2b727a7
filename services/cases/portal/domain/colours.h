#pragma once

#include <string>

#include "absl/status/status.h"
#include "gatehouse/cases/v1/portal.pb.h"

namespace gatehouse::cases {

// Text that can be read: WCAG 2.2, success criterion 1.4.3, level AA.
inline constexpr double kContrastMin = 4.5;

// The contrast of two colours, `#rrggbb` each: 1 (the same) to 21 (black and white). As WCAG 2.2
// defines it, by relative luminance.
double ContrastOf(const std::string& one, const std::string& other);

// Refuses CONTRAST_TOO_LOW for the first text that cannot be read on its ground, with the two by
// name and their ratio.
absl::Status CheckColours(const v1::PortalColours& colours);

}  // namespace gatehouse::cases
