#include "services/identity/domain/organisation.h"

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/text/origin.h"
#include "services/common/text/region.h"

namespace gatehouse::identity {
namespace {

absl::Status Replace(const char* field, const std::optional<std::string>& by, std::string& text) {
  if (!by.has_value()) return absl::OkStatus();
  if (by->empty()) return RefuseField(field, "must not be empty");
  text = *by;
  return absl::OkStatus();
}

// The list that was given, or the one there is, with the default before all others: one that is set
// alone takes the place of the one before it.
absl::StatusOr<std::vector<std::string>> PortalsAfter(const OrganisationChange& change,
                                                      const Organisation& organisation) {
  std::string standard = organisation.portal_urls.front();
  RETURN_IF_ERROR(Replace("portal_url", change.portal_url, standard));
  std::vector<std::string> urls;
  if (!change.portal_urls.has_value() || change.portal_url.has_value()) urls.push_back(standard);
  if (change.portal_urls.has_value()) {
    urls.insert(urls.end(), change.portal_urls->begin(), change.portal_urls->end());
  } else {
    urls.insert(urls.end(), organisation.portal_urls.begin() + 1, organisation.portal_urls.end());
  }
  return PortalUrls(urls);
}

}  // namespace

absl::Status CheckRegion(const std::string& region) {
  if (IsRegion(region)) return absl::OkStatus();
  return RefuseField("region", "must be a country of ISO 3166-1, such as AU or GB");
}

absl::Status Apply(const OrganisationChange& change, Organisation& organisation) {
  if (!change.etag.empty() && change.etag != organisation.etag) {
    return Refuse(common::v1::ETAG_MISMATCH,
                  "the organisation has changed since it was read: read it again");
  }
  RETURN_IF_ERROR(Replace("display_name", change.display_name, organisation.display_name));
  RETURN_IF_ERROR(Replace("region", change.region, organisation.region));
  if (change.region.has_value()) RETURN_IF_ERROR(CheckRegion(*change.region));
  RETURN_IF_ERROR(Replace("time_zone", change.time_zone, organisation.time_zone));
  ASSIGN_OR_RETURN(organisation.portal_urls, PortalsAfter(change, organisation));
  organisation.idle_timeout = change.idle_timeout.value_or(organisation.idle_timeout);
  organisation.absolute_timeout = change.absolute_timeout.value_or(organisation.absolute_timeout);
  return absl::OkStatus();
}

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
