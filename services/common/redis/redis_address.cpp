#include "services/common/redis/redis_address.h"

#include <re2/re2.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace gatehouse {
namespace {

constexpr int kSentinelPort = 26379;
constexpr size_t kHostsMax = 16;

absl::Status Wrong() {
  return absl::InvalidArgumentError(
      "must be redis://, rediss://, redis+sentinel://, rediss+sentinel:// or unix://, as "
      "docs/operations.md says");
}

absl::StatusOr<RedisAddress::Host> HostFrom(const std::string& text, int port) {
  static const RE2 kHost(R"((?:\[([0-9a-fA-F:.]+)\]|([^:\[\]]+))(?::(\d{1,5}))?)");
  std::string ipv6, name, number;
  if (!RE2::FullMatch(text, kHost, &ipv6, &name, &number)) return Wrong();
  if (!number.empty() && (!absl::SimpleAtoi(number, &port) || port < 1 || port > 65535)) {
    return Wrong();
  }
  return RedisAddress::Host{ipv6.empty() ? name : ipv6, port};
}

// The authorities' file, taken off the end of the URL.
bool CutQuery(std::string& url, RedisAddress& address) {
  static const RE2 kQuery(R"(([^?]*)\?ca_file=([^?&]+))");
  std::string rest;
  if (RE2::FullMatch(url, kQuery, &rest, &address.ca_file)) url = rest;
  return !absl::StrContains(url, "?");
}

}  // namespace

absl::StatusOr<RedisAddress> RedisAddress::Parse(const std::string& text) {
  RedisAddress address;
  std::string url = text, secure, sentinel, hosts, path;
  static const RE2 kUnix(R"(unix://(?::([^@]*)@)?(/.+))");
  if (RE2::FullMatch(url, kUnix, &address.password, &address.path)) return address;
  static const RE2 kTcp(
      R"(redis(s?)(\+sentinel)?://(?:([^:@/]*)(?::([^@/]*))?@)?([^@/]+)((?:/[^/]*){0,2}))");
  if (!CutQuery(url, address) || !RE2::FullMatch(url, kTcp, &secure, &sentinel, &address.user,
                                                 &address.password, &hosts, &path)) {
    return Wrong();
  }
  address.tls = !secure.empty();
  const std::vector<std::string> names = absl::StrSplit(hosts, ',');
  if (names.size() > (sentinel.empty() ? 1 : kHostsMax)) return Wrong();
  for (const std::string& name : names) {
    auto host = HostFrom(name, sentinel.empty() ? 6379 : kSentinelPort);
    if (!host.ok()) return host.status();
    address.hosts.push_back(*std::move(host));
  }
  std::vector<std::string> parts = absl::StrSplit(absl::StripPrefix(path, "/"), '/');
  if (!sentinel.empty()) {
    address.primary = parts[0];
    parts.erase(parts.begin());
    if (address.primary.empty()) return Wrong();
  }
  if (parts.size() > 1) return Wrong();
  if (!parts.empty()) address.database = parts[0];
  if (address.database.find_first_not_of("0123456789") != std::string::npos) return Wrong();
  return address;
}

Secret ReadRedisUrl(Environment& environment) {
  Secret url = environment.SecretValue("GATEHOUSE_REDIS_URL");
  if (url.Reveal().empty()) return url;  // Which is a mistake already.
  const absl::Status status = RedisAddress::Parse(url.Reveal()).status();
  if (!status.ok()) environment.Mistake("GATEHOUSE_REDIS_URL", std::string(status.message()));
  return url;
}

}  // namespace gatehouse
