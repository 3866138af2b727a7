#include "services/gateway/gateway.h"

#include <boost/asio.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "services/common/base/random.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"
#include "services/gateway/gateway_request.h"
#include "services/gateway/http/header_text.h"
#include "services/gateway/json/problem.h"

namespace gatehouse::gateway {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr int kWorkers = 8, kWaitingMax = 512;
constexpr size_t kCredentialMax = 512, kOriginMax = 300, kOriginsMax = 10000;
constexpr size_t kUserAgentMax = 300;
constexpr absl::Duration kOriginLife = absl::Seconds(60);

// A request id that a proxy may have given, if it can stand in a log as it is.
bool IsRequestId(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
             std::string::npos;
}

// The value of the first cookie of that name (RFC 6265, section 5.4).
std::string FindCookie(const std::string& header, const std::string& name) {
  for (const absl::string_view pair : absl::StrSplit(header, ';')) {
    const std::vector<std::string> parts =
        absl::StrSplit(absl::StripAsciiWhitespace(pair), absl::MaxSplits('=', 1));
    if (parts.size() == 2 && parts[0] == name) return parts[1];
  }
  return "";
}

const char* CookieName(bool secure) { return secure ? "__Host-gatehouse" : "gatehouse"; }

absl::Status Unauthenticated(const char* reason, const char* message) {
  return gatehouse::Refuse(absl::StatusCode::kUnauthenticated, reason, message);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Make(Options options, Backend& backend) {
  ASSIGN_OR_RETURN(RouteTable routes, RouteTable::Of(options.services));
  return std::unique_ptr<Gateway>(new Gateway(std::move(options), backend, std::move(routes)));
}

Gateway::Gateway(Options options, Backend& backend, RouteTable routes)
    : options_(std::move(options)),
      backend_(backend),
      routes_(std::move(routes)),
      workers_("gateway", kWorkers, kWaitingMax),
      gauges_([this] { SetGauge("gatehouse_http_under_way", {}, under_way_); }) {}

Gateway::Request Gateway::Read(HttpExchange& http) const {
  Request request{http};
  const std::string& target = http.target();
  const size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string::npos) request.query = target.substr(question + 1);
  request.request_id = http.Header("X-Request-Id");
  if (!IsRequestId(request.request_id)) request.request_id = NewId("req");
  request.trace = ParseTraceparent(http.Header("traceparent")).value_or(NewTrace());
  request.origin = http.Header("Origin");
  request.client_address = http.peer_address();
  if (!options_.trusted_proxies.Contains(request.client_address)) return request;
  request.secure = absl::EqualsIgnoreCase(http.Header("X-Forwarded-Proto"), "https");
  // Each proxy adds the address that it saw at the end: the last one that is no proxy of ours is
  // the client's; what stands before it the client may have made up.
  const std::vector<std::string> hops =
      absl::StrSplit(http.Header("X-Forwarded-For"), ',', absl::SkipWhitespace());
  for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
    request.client_address = std::string(absl::StripAsciiWhitespace(*hop)).substr(0, 64);
    if (!options_.trusted_proxies.Contains(request.client_address)) break;
  }
  return request;
}

awaitable<void> Gateway::Handle(HttpExchange& http) {
  Request request = Read(http);
  Span span(request.trace, Span::Kind::kServer, "http", request.start);
  request.trace = span.trace();
  struct UnderWay {
    explicit UnderWay(std::atomic<int>& count) : count(count), number(++count) {}
    ~UnderWay() { --count; }
    std::atomic<int>& count;
    const int number;
  } under_way(under_way_);
  absl::Status status;
  if (under_way.number > options_.requests_max) {
    status = RefuseUntil("TOO_MANY_REQUESTS", "too many requests are under way", absl::Seconds(1));
  } else {
    status = co_await Serve(request);
  }
  if (!status.ok() && !http.answered()) co_await AnswerProblem(request, status);
  const absl::Duration took = absl::Now() - request.start;
  const std::string route = request.route == nullptr ? "none" : request.route->path;
  span.Add("http.route", route);
  span.Add("http.status_code", absl::StrCat(request.status));
  span.End(request.status < 500 ? absl::OkStatus() : absl::UnknownError(""));
  if (request.status >= 500) {
    LogWarning("http.failed", {{"request_id", request.request_id},
                               {"code", absl::StatusCodeToString(status.code())},
                               {"error", std::string(status.message())}});
  }
  LogInfo("http", {{"request_id", request.request_id},
                   {"trace_id", request.trace.trace_id},
                   {"method", request.route == nullptr ? "-" : request.route->verb},
                   {"route", route},
                   {"status", absl::StrCat(request.status)},
                   {"ms", absl::StrCat(absl::ToDoubleMilliseconds(took))}});
  Count("gatehouse_http_requests_total",
        {{"route", route}, {"status", absl::StrCat(request.status)}});
  Observe("gatehouse_http_seconds", {{"route", route}}, absl::ToDoubleSeconds(took));
}

awaitable<void> Gateway::Refuse(HttpExchange& http, int status) {
  Request request{http};
  request.request_id = NewId("req");
  request.refused = status;
  co_await AnswerProblem(
      request, gatehouse::Refuse(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST",
                                 status == 431   ? "the head of the request is too large"
                                 : status == 505 ? "only HTTP/1.1 is spoken here"
                                                 : "the request is not well-formed HTTP/1.1"));
}

awaitable<absl::Status> Gateway::Serve(Request& request) {
  if (request.path == "/openapi.json" && request.http.method() == "GET") {
    HttpHeaders headers = HeadersOf(request, "application/json");
    headers.emplace_back("Access-Control-Allow-Origin", "*");
    request.status = 200;
    co_await request.http.Respond(200, headers, options_.openapi);
    co_return absl::OkStatus();
  }
  if (request.path == "/healthz" || request.path == "/readyz") {
    absl::Status ready;
    if (request.path == "/readyz" &&
        !co_await OnWorker([&] { ready = backend_.Ready(absl::Seconds(1)); })) {
      ready = absl::UnavailableError("busy");
    }
    if (!ready.ok()) co_return ready;
    request.status = 200;
    co_await request.http.Respond(200, HeadersOf(request, "text/plain; charset=utf-8"),
                                  request.path == "/readyz" ? "ready\n" : "alive\n");
    co_return absl::OkStatus();
  }
  if (request.http.method() == "OPTIONS" && !request.origin.empty()) {
    co_return co_await Preflight(request);
  }
  absl::Status status = co_await FindRoute(request);
  if (status.ok()) status = co_await Identify(request);
  if (status.ok()) status = co_await CheckOrigin(request);
  if (!status.ok()) co_return status;
  if (request.route->rpc->client_streaming()) co_return co_await Upload(request);
  if (request.route->rpc->server_streaming()) co_return co_await Download(request);
  co_return co_await Unary(request);
}

awaitable<absl::Status> Gateway::FindRoute(Request& request) {
  const auto segments = SplitPath(request.path);
  if (!segments.ok()) co_return segments.status();
  Match match = routes_.Find(request.http.method(), *segments);
  if (match.route == nullptr) {
    if (match.allowed.empty()) {
      co_return gatehouse::Refuse(absl::StatusCode::kNotFound, "NOT_FOUND",
                                  "there is nothing at this address");
    }
    request.refused = 405;
    request.allow = match.allowed;
    co_return gatehouse::Refuse(absl::StatusCode::kInvalidArgument, "METHOD_NOT_ALLOWED",
                                "this address takes other methods: see Allow");
  }
  request.route = match.route;
  request.variables = std::move(match.variables);
  co_return absl::OkStatus();
}

awaitable<bool> Gateway::OnWorker(std::function<void()> work) {
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(bool)>(
      [this, &work](auto handler) {
        // std::function wants a copy; the handler cannot be copied.
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        const auto resume = [shared](bool ran) {
          const auto executor = asio::get_associated_executor(*shared);
          asio::post(executor, [shared, ran] { (*shared)(ran); });
        };
        const bool taken = workers_.Run([work, resume] {
          work();
          resume(true);
        });
        if (!taken) resume(false);
      },
      asio::use_awaitable);
}

// Portal routes know the cookie alone, the others a bearer credential alone: a cookie that a
// browser sends by itself opens nothing else.
awaitable<absl::Status> Gateway::Identify(Request& request) {
  if (request.route->rules->audience.count(common::v1::ANYONE) != 0) co_return absl::OkStatus();
  std::string credential;
  if (request.route->portal) {
    credential = FindCookie(request.http.Header("Cookie"), CookieName(request.secure));
  } else {
    credential = request.http.Header("Authorization");
    const bool bearer = absl::StartsWithIgnoreCase(credential, "bearer ");
    credential = bearer ? std::string(absl::StripAsciiWhitespace(credential.substr(7))) : "";
  }
  if (credential.empty() || options_.authenticator == nullptr) {
    co_return Unauthenticated("CREDENTIAL_MISSING", "this call needs a credential");
  }
  if (credential.size() > kCredentialMax) {
    co_return Unauthenticated("CREDENTIAL_INVALID", "the credential is not valid");
  }
  const Secret secret(std::move(credential));
  request.principal = options_.authenticator->Cached(secret);
  if (request.principal != nullptr) co_return absl::OkStatus();
  Call call;
  call.request_id = request.request_id;
  call.client_address = request.client_address;
  call.trace = request.trace;
  call.deadline = absl::Now() + absl::Seconds(5);
  absl::StatusOr<std::shared_ptr<const Principal>> exchanged = absl::UnavailableError("busy");
  co_await OnWorker([&] {
    const CallScope scope(call);
    exchanged = options_.authenticator->Authenticate(secret);
  });
  if (!exchanged.ok()) {
    request.end_cookie = request.route->portal && absl::IsUnauthenticated(exchanged.status());
    co_return exchanged.status();
  }
  request.principal = *std::move(exchanged);
  co_return absl::OkStatus();
}

awaitable<absl::StatusOr<bool>> Gateway::KnowsOrigin(const std::string& origin) {
  if (options_.check_origin == nullptr || origin.size() > kOriginMax) co_return false;
  {
    const std::lock_guard lock(mutex_);
    const auto known = origins_.find(origin);
    if (known != origins_.end() && absl::Now() < known->second.until) {
      co_return known->second.allowed;
    }
  }
  absl::StatusOr<bool> allowed = absl::UnavailableError("busy");
  co_await OnWorker([&] { allowed = options_.check_origin(origin); });
  if (!allowed.ok()) co_return allowed;
  const std::lock_guard lock(mutex_);
  if (origins_.size() >= kOriginsMax) origins_.clear();
  origins_[origin] = {*allowed, absl::Now() + kOriginLife};
  co_return allowed;
}

// With SameSite cookies this is the defence against other sites' pages: a browser names the page's
// origin on every request that changes something, and it must be one of the organisation's.
awaitable<absl::Status> Gateway::CheckOrigin(Request& request) {
  if (request.origin.empty()) co_return absl::OkStatus();
  if (request.principal != nullptr && request.route->portal) {
    const auto& origins = request.principal->caller.origins;
    request.origin_allowed =
        std::find(origins.begin(), origins.end(), request.origin) != origins.end();
  } else {
    const auto known = co_await KnowsOrigin(request.origin);
    if (!known.ok()) co_return known.status();
    request.origin_allowed = *known;
  }
  const bool changes = request.route->verb != "GET";
  if (request.origin_allowed || !request.route->portal || !changes) co_return absl::OkStatus();
  co_return gatehouse::Refuse(absl::StatusCode::kPermissionDenied, "ORIGIN_NOT_ALLOWED",
                              "a page of this origin may not call here");
}

awaitable<absl::Status> Gateway::Preflight(Request& request) {
  const auto known = co_await KnowsOrigin(request.origin);
  if (!known.ok()) co_return known.status();
  if (!*known) {
    co_return gatehouse::Refuse(absl::StatusCode::kPermissionDenied, "ORIGIN_NOT_ALLOWED",
                                "a page of this origin may not call here");
  }
  request.origin_allowed = true;
  HttpHeaders headers = HeadersOf(request, "");
  headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE");
  headers.emplace_back("Access-Control-Allow-Headers",
                       "Authorization, Content-Type, Range, If-Range, If-None-Match, "
                       "X-Request-Id, traceparent");
  headers.emplace_back("Access-Control-Max-Age", "600");
  request.status = 204;
  co_await request.http.Respond(204, headers, "");
  co_return absl::OkStatus();
}

HttpHeaders Gateway::HeadersOf(const Request& request, const char* content_type) const {
  HttpHeaders headers = {
      {"X-Request-Id", request.request_id},
      {"X-Content-Type-Options", "nosniff"},
      {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Resource-Policy", "same-site"},
      {"Cache-Control", "no-store"}};
  if (*content_type != '\0') headers.emplace_back("Content-Type", content_type);
  if (request.secure) headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
  if (!request.origin.empty()) headers.emplace_back("Vary", "Origin");
  if (request.origin_allowed) {
    headers.emplace_back("Access-Control-Allow-Origin", request.origin);
    headers.emplace_back("Access-Control-Allow-Credentials", "true");
    headers.emplace_back("Access-Control-Expose-Headers",
                         "X-Request-Id, ETag, Content-Disposition, Content-Range, Retry-After");
  }
  if (request.end_cookie) headers.emplace_back("Set-Cookie", CookieOf(request, ""));
  return headers;
}

// An empty token ends the cookie.
std::string Gateway::CookieOf(const Request& request, const std::string& token) const {
  return absl::StrCat(CookieName(request.secure), "=", token, "; Path=/; HttpOnly; SameSite=Lax",
                      request.secure ? "; Secure" : "", token.empty() ? "; Max-Age=0" : "");
}

Onward Gateway::OnwardOf(const Request& request) const {
  return {.method = request.route->full_name,
          .token = request.principal == nullptr ? "" : request.principal->token,
          .request_id = request.request_id,
          .client_address = request.client_address,
          .user_agent = HeaderText(request.http.Header("User-Agent"), kUserAgentMax),
          .trace = request.trace,
          .deadline = absl::Now() + request.route->rules->deadline,
          .may_repeat = request.route->rules->may_repeat};
}

awaitable<void> Gateway::AnswerProblem(Request& request, const absl::Status& status) {
  const Problem problem =
      request.refused != 0
          ? ProblemOf(request.refused, ReasonOf(status), std::string(status.message()),
                      request.path, request.request_id)
          : ProblemOf(status, request.path, request.request_id);
  HttpHeaders headers = HeadersOf(request, "application/problem+json");
  if (problem.retry_after_seconds > 0) {
    headers.emplace_back("Retry-After", absl::StrCat(problem.retry_after_seconds));
  }
  if (!problem.content_range.empty()) headers.emplace_back("Content-Range", problem.content_range);
  if (!request.allow.empty()) headers.emplace_back("Allow", request.allow);
  if (problem.status == 401 && request.route != nullptr && !request.route->portal) {
    headers.emplace_back("WWW-Authenticate", "Bearer");
  }
  request.status = problem.status;
  co_await request.http.Respond(problem.status, headers, problem.body);
}

}  // namespace gatehouse::gateway
