#pragma once

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/gateway/gateway.h"
#include "services/gateway/tests/fake_service.h"
#include "services/gateway/tests/http_client.h"

namespace gatehouse::gateway {

// Credentials by what they say: "staff-…" and "client-…" are good; identity is asked for each once.
class FakeAuthenticator : public Authenticator {
 public:
  absl::StatusOr<std::shared_ptr<const Principal>> Authenticate(const Secret& credential) override {
    ++asked;
    const std::string text = credential.Reveal();
    Caller caller;
    caller.organisation_id = "acme";
    caller.credential_id = text;
    caller.kind = CallerKind::kStaff;
    caller.scopes = {"*"};
    if (text.rfind("client-", 0) == 0) {
      caller.kind = CallerKind::kClient;
      caller.origins = {"https://portal.example"};
    } else if (text.rfind("staff-", 0) != 0) {
      return gatehouse::Refuse(common::v1::CREDENTIAL_INVALID, "no");
    }
    const std::lock_guard lock(mutex_);
    if (away_) return absl::UnavailableError("away");
    auto principal = std::make_shared<Principal>(caller, token_, absl::Now() + absl::Seconds(60));
    known_[text] = principal;
    return principal;
  }
  std::shared_ptr<const Principal> Cached(const Secret& credential) override {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(credential.Reveal());
    return known == known_.end() ? nullptr : known->second;
  }

  void Forget(const Secret& credential) override {
    const std::lock_guard lock(mutex_);
    known_.erase(credential.Reveal());
  }

  // From now on: with another token for each credential, or with none.
  void Rotate(const std::string& token) {
    const std::lock_guard lock(mutex_);
    token_ = token;
  }
  void GoAway() {
    const std::lock_guard lock(mutex_);
    away_ = true;
  }

  std::atomic<int> asked = 0;

 private:
  std::mutex mutex_;
  std::string token_ = "token";
  bool away_ = false;
  std::map<std::string, std::shared_ptr<const Principal>> known_;
};

// The whole gateway, from the socket to calls of a gRPC server in this process.
struct GatewayFixture {
  FakeService service;
  FakeAuthenticator authenticator;
  std::atomic<int> origins_asked = 0;
  Gateway::Options options;
  HttpServer::Options http;
  std::unique_ptr<Backend> backend;
  std::unique_ptr<Gateway> gateway;
  std::unique_ptr<HttpServer> server;

  GatewayFixture() {
    options.services = AllServices();
    options.published = {{"/openapi.json", {"application/json", "{}"}}};
    options.authenticator = &authenticator;
    options.check_origin = [this](const std::string& origin) -> absl::StatusOr<bool> {
      ++origins_asked;
      return origin == "https://portal.example";
    };
    REQUIRE(options.trusted_proxies.Add("127.0.0.1"));
    http.listen = "127.0.0.1:0";
    http.threads = 2;
  }

  int Start() {
    std::map<std::string, std::string> addresses;
    for (const char* name :
         {"identity", "cases", "invitation", "notification", "documents", "raw"}) {
      addresses[name] = service.address();
    }
    backend = std::make_unique<Backend>(addresses, nullptr);
    auto made = Gateway::Make(options, *backend);
    REQUIRE(made.ok());
    gateway = *std::move(made);
    auto started = HttpServer::Start(
        http, [this](HttpExchange& exchange) { return gateway->Handle(exchange); },
        [this](HttpExchange& exchange, int status) { return gateway->Refuse(exchange, status); });
    REQUIRE(started.ok());
    server = *std::move(started);
    return server->port();
  }

  // One request on a connection of its own: what is answered, head and body.
  std::string Ask(const std::string& request) const {
    RawClient client(server->port());
    client.Send(request);
    client.FinishSending();
    return client.Receive();
  }
  // The same for a request without a body; `headers` are whole lines.
  std::string Get(const std::string& target, const std::string& headers = "",
                  const std::string& method = "GET") const {
    return Ask(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers +
               "\r\n");
  }
  std::string Post(const std::string& target, const std::string& headers,
                   const std::string& body) const {
    return Ask("POST " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }

  // What the last call that arrived was told beside its message.
  std::string Told(const std::string& name) const {
    const auto calls = service.seen();
    if (calls.empty()) return "no call";
    const auto found = calls.back().metadata.find(name);
    return found == calls.back().metadata.end() ? "" : found->second;
  }
};

inline bool Has(const std::string& answer, const std::string& text) {
  return answer.find(text) != std::string::npos;
}
inline int StatusOf(const std::string& answer) {
  return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3));
}

}  // namespace gatehouse::gateway
