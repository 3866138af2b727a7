#include "services/notification/webhooks/domain/target.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/text/origin.h"

namespace gatehouse::notification {
namespace {

// What is not global unicast, by the IANA special-purpose address registries (RFC 6890), and what
// leads to IPv4 by another way (6to4, Teredo, NAT64).
Networks Special() {
  Networks networks;
  for (const char* block :
       {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        // Of IPv6 everything outside of 2000::/3, and some of that.
        "::/3", "4000::/2", "8000::/1", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"}) {
    networks.Add(block);
  }
  return networks;
}

absl::Status NotAllowed(absl::string_view why) {
  return Refuse(v1::WEBHOOK_URL_NOT_ALLOWED, absl::StrCat("url ", why));
}

std::string HostOf(const std::string& origin) {
  const std::string authority = origin.substr(origin.find("://") + 3);
  return authority.substr(0, authority.find(':'));
}

}  // namespace

WebhookTargets::WebhookTargets(Networks allowed)
    : allowed_(std::move(allowed)), special_(Special()) {}

absl::StatusOr<std::string> WebhookTargets::Check(const std::string& url) const {
  absl::StatusOr<std::string> kept = NormalisedUrl(url);
  if (!kept.ok()) return NotAllowed(kept.status().message());
  const std::string origin = OriginOf(*kept);
  const bool tls = absl::StartsWith(origin, "https:");
  if (!tls && allowed_.empty()) return NotAllowed("must begin with https://");
  const std::string host = HostOf(origin);
  if (Networks::IsAddress(host) && !MayReach(host, tls)) {
    return NotAllowed("has an address that webhooks may not reach");
  }
  // A receiver may tell a path with a slash at its end from the one without.
  if (*kept != origin && absl::EndsWith(url, "/")) absl::StrAppend(&*kept, "/");
  return kept;
}

bool WebhookTargets::MayReach(const std::string& address, bool tls) const {
  if (allowed_.Contains(address)) return true;
  return tls && Networks::IsAddress(address) && !special_.Contains(address);
}

}  // namespace gatehouse::notification
