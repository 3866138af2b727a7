#include "services/identity/domain/organisation.h"

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/base/status.h"
#include "services/common/text/origin.h"

namespace gatehouse::identity {

absl::StatusOr<std::vector<std::string>> PortalUrls(const std::vector<std::string>& urls) {
  std::vector<std::string> portals;
  for (const std::string& url : urls) {
    const auto normalised = NormalisedUrl(url);
    if (!normalised.ok()) {
      return RefuseField("portal_url", std::string(normalised.status().message()));
    }
    if (!absl::StartsWith(*normalised, "https://") && !IsLocal(*normalised)) {
      return RefuseField("portal_url", "must be https (http only for localhost)");
    }
    if (!absl::c_linear_search(portals, *normalised)) portals.push_back(*normalised);
  }
  if (portals.empty()) return RefuseField("portal_url", "must not be empty");
  if (portals.size() > kPortalsMax) {
    return RefuseField("portal_urls", absl::StrCat("must be ", kPortalsMax, " at most"));
  }
  return portals;
}

}  // namespace gatehouse::identity
