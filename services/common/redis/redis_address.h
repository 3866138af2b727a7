#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/base/secret.h"
#include "services/common/process/config.h"

namespace gatehouse {

// Where Redis is, as GATEHOUSE_REDIS_URL says:
//
//   redis://[user][:password]@host[:port][/database]      rediss:// where it speaks TLS
//   redis+sentinel://[user][:password]@host[:port],…/name[/database]  rediss+sentinel:// with TLS
//   unix://[:password@]/path
//
// Behind `?ca_file=` may stand the PEM file of who certifies it; the system's authorities do where
// it does not. A host in brackets is an IPv6 address. User and password are taken as they stand.
struct RedisAddress {
  struct Host {
    std::string name;
    int port = 6379;
  };
  std::vector<Host> hosts;  // Redis itself, or its Sentinels. Empty: it is at `path`.
  std::string path;         // Of a Unix socket.
  std::string primary;      // What Sentinels know it by; empty: the host is Redis itself.
  bool tls = false;
  std::string ca_file;
  std::string user, password;
  std::string database;  // A number; empty: 0.

  // INVALID_ARGUMENT, without any of it, where it is none of these.
  static absl::StatusOr<RedisAddress> Parse(const std::string& url);
};

// GATEHOUSE_REDIS_URL; a mistake where it is no such address.
Secret ReadRedisUrl(Environment& environment);

}  // namespace gatehouse
