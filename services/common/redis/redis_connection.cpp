#include "services/common/redis/redis_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/status.h"

namespace gatehouse {
namespace {

constexpr size_t kRead = 16 << 10;  // As much as a TLS record has.

bool IsError(const RedisReplyPointer& reply, const char* word = "") {
  return reply != nullptr && reply->type == REDIS_REPLY_ERROR &&
         absl::StartsWith(absl::string_view(reply->str, reply->len), word);
}

bool IsAddress(const std::string& host) {
  in6_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// Verifies whoever answers, by the given authorities or the system's.
std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> TlsContext(const std::string& ca_file) {
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                            SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  // What is no data, such as a session ticket, holds nobody who waits for data.
  SSL_CTX_clear_mode(context.get(), SSL_MODE_AUTO_RETRY);
  const int loaded = ca_file.empty()
                         ? SSL_CTX_set_default_verify_paths(context.get())
                         : SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr);
  if (loaded != 1) context.reset();
  return context;
}

}  // namespace

absl::Status RedisConnection::Failed(const char* why) const {
  return absl::UnavailableError(absl::StrCat(peer_, ": ", why));
}

RedisConnection::Opened RedisConnection::Open(const RedisAddress& address, absl::Duration timeout) {
  RedisAddress::Host host = address.hosts.empty() ? RedisAddress::Host{} : address.hosts[0];
  if (!address.primary.empty()) {
    ASSIGN_OR_RETURN(host, AskSentinels(address, timeout));
  }
  ASSIGN_OR_RETURN(auto redis, Connect(address, host, timeout));
  if (!redis->Authenticate(address)) return redis->Failed("it refuses the password");
  // One that hangs is connected to as well, by its kernel: it must say something.
  const std::string database = address.database.empty() ? "0" : address.database;
  const RedisReplyPointer selected = redis->Ask({"SELECT", database});
  if (selected == nullptr) return redis->Failed("it does not answer");
  if (IsError(selected) && !address.database.empty()) {
    return redis->Failed("it refuses us its database");
  }
  if (!address.primary.empty() && !redis->IsPrimary()) {
    return redis->Failed("it is not the primary that the Sentinels take it for");
  }
  return redis;
}

RedisConnection::Opened RedisConnection::Connect(const RedisAddress& address,
                                                 const RedisAddress::Host& host,
                                                 absl::Duration timeout) {
  std::unique_ptr<RedisConnection> redis(new RedisConnection);
  const timeval limit = absl::ToTimeval(timeout);
  const bool local = !address.path.empty();
  redis->peer_ = local ? address.path : absl::StrCat(host.name, ":", host.port);
  redis->timeout_ = timeout;
  redis->context_.reset(local ? redisConnectUnixWithTimeout(address.path.c_str(), limit)
                              : redisConnectWithTimeout(host.name.c_str(), host.port, limit));
  if (redis->context_ == nullptr) return redis->Failed("no memory");
  if (redis->context_->err != 0) return redis->Failed(redis->context_->errstr);
  redisSetTimeout(redis->context_.get(), limit);
  if (!local) {
    redisEnableKeepAlive(redis->context_.get());
    const auto milliseconds = static_cast<unsigned>(absl::ToInt64Milliseconds(timeout));
    setsockopt(redis->socket(), IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
  }
  if (address.tls && !redis->StartTls(address, host.name)) {
    return redis->Failed("no TLS with it, or its certificate is not good");
  }
  return redis;
}

absl::StatusOr<RedisAddress::Host> RedisConnection::AskSentinels(const RedisAddress& address,
                                                                 absl::Duration timeout) {
  const std::vector<std::string> question = {"SENTINEL", "get-master-addr-by-name",
                                             address.primary};
  for (const RedisAddress::Host& host : address.hosts) {
    const auto sentinel = Connect(address, host, timeout);
    if (!sentinel.ok()) continue;
    RedisReplyPointer reply = (*sentinel)->Ask(question);
    if (IsError(reply, "NOAUTH") && (*sentinel)->Authenticate(address)) {
      reply = (*sentinel)->Ask(question);
    }
    if (reply == nullptr || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) continue;
    const auto text = [&](size_t i) {
      return std::string(reply->element[i]->str, reply->element[i]->len);
    };
    RedisAddress::Host primary = {.name = text(0)};
    if (absl::SimpleAtoi(text(1), &primary.port)) return primary;
  }
  return absl::UnavailableError(absl::StrCat("no Sentinel knows where ", address.primary, " is"));
}

bool RedisConnection::StartTls(const RedisAddress& address, const std::string& host) {
  const auto context = TlsContext(address.ca_file);
  if (context == nullptr) return false;
  ssl_.reset(SSL_new(context.get()));
  const bool named =
      IsAddress(host) ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str()) == 1
                      : SSL_set1_host(ssl_.get(), host.c_str()) == 1 &&
                            SSL_set_tlsext_host_name(ssl_.get(), host.c_str()) == 1;
  return named && SSL_set_fd(ssl_.get(), socket()) == 1 && SSL_connect(ssl_.get()) == 1;
}

bool RedisConnection::Authenticate(const RedisAddress& address) {
  if (address.password.empty()) return true;
  std::vector<std::string> words = {"AUTH"};
  if (!address.user.empty()) words.push_back(address.user);
  words.push_back(address.password);
  const RedisReplyPointer reply = Ask(words);
  return reply != nullptr && !IsError(reply);
}

bool RedisConnection::IsPrimary() {
  const RedisReplyPointer role = Ask({"ROLE"});
  return role != nullptr && role->type == REDIS_REPLY_ARRAY && role->elements > 0 &&
         absl::string_view(role->element[0]->str, role->element[0]->len) == "master";
}

void RedisConnection::Append(const std::vector<std::string>& words) {
  std::vector<const char*> data;
  std::vector<size_t> sizes;
  for (const std::string& word : words) {
    data.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* command = nullptr;
  const int size =
      redisFormatCommandArgv(&command, static_cast<int>(words.size()), data.data(), sizes.data());
  unsent_.append(command, size);
  redisFreeCommand(command);
}

bool RedisConnection::Flush() {
  size_t sent = 0;
  while (sent < unsent_.size()) {
    const char* rest = unsent_.data() + sent;
    const size_t size = unsent_.size() - sent;
    const ssize_t n = ssl_ != nullptr ? SSL_write(ssl_.get(), rest, static_cast<int>(size))
                                      : send(socket(), rest, size, MSG_NOSIGNAL);
    if (n < 0 && ssl_ == nullptr && errno == EINTR) continue;
    if (n <= 0) return false;
    sent += static_cast<size_t>(n);
  }
  unsent_.clear();
  return true;
}

RedisConnection::Arrived RedisConnection::Read() {
  char buffer[kRead];
  ssize_t n = 0;
  bool nothing = false;
  if (ssl_ != nullptr) {
    n = SSL_read(ssl_.get(), buffer, sizeof buffer);
    nothing = n <= 0 && SSL_get_error(ssl_.get(), static_cast<int>(n)) == SSL_ERROR_WANT_READ;
  } else {
    n = recv(socket(), buffer, sizeof buffer, 0);
    nothing = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
  }
  if (nothing) return Arrived::kNothing;
  if (n <= 0) return Arrived::kEnd;
  const int fed = redisReaderFeed(context_->reader, buffer, static_cast<size_t>(n));
  return fed == REDIS_OK ? Arrived::kBytes : Arrived::kEnd;
}

RedisReplyPointer RedisConnection::Received() {
  void* reply = nullptr;
  if (context_->err == 0) (void)redisGetReplyFromReader(context_.get(), &reply);
  return RedisReplyPointer(static_cast<redisReply*>(reply));
}

RedisReplyPointer RedisConnection::Reply() {
  if (!unsent_.empty() && !Flush()) return nullptr;
  absl::Time end = absl::Now() + timeout_;
  while (true) {
    RedisReplyPointer reply = Received();
    if (reply != nullptr || context_->err != 0) return reply;
    const Arrived arrived = Read();
    if (arrived == Arrived::kEnd) return nullptr;
    if (arrived == Arrived::kBytes) end = absl::Now() + timeout_;
    if (arrived == Arrived::kNothing && absl::Now() >= end) return nullptr;
  }
}

RedisReplyPointer RedisConnection::Ask(const std::vector<std::string>& words) {
  Append(words);
  return Reply();
}

bool RedisConnection::Receive() {
  do {
    if (Read() == Arrived::kEnd) return false;
  } while (ssl_ != nullptr && SSL_pending(ssl_.get()) > 0);
  return true;
}

}  // namespace gatehouse
