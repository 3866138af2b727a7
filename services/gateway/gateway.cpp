#include "services/gateway/gateway.h"

#include <boost/asio.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/gateway/v1/reasons.pb.h"
#include "services/common/base/random.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"
#include "services/common/text/network.h"
#include "services/gateway/gateway_request.h"
#include "services/gateway/http/header_text.h"
#include "services/gateway/json/problem.h"

namespace gatehouse::gateway {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

// Who is known has threads of their own, which no flood of others fills.
constexpr int kWorkers = 8, kWaitingMax = 512, kStrangersWorkers = 4, kStrangersWaitingMax = 128;
constexpr size_t kUserAgentMax = 300, kClientRequestIdMax = 64;

const char* PhraseOf(int status) {
  switch (status) {
    case 431:
      return "the head of the request is too large";
    case 505:
      return "only HTTP/1.1 and HTTP/1.0 are spoken here";
    case 500:
      return "internal error";
    default:
      return "the request is not well-formed HTTP/1.1";
  }
}

}  // namespace

Trace TraceOfStranger(const std::string& traceparent) {
  const Trace own = NewTrace();
  std::optional<Trace> theirs = ParseTraceparent(traceparent);
  if (!theirs.has_value()) return own;
  theirs->sampled = theirs->sampled && own.sampled;
  return *theirs;
}

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Make(Options options, Backend& backend) {
  ASSIGN_OR_RETURN(RouteTable routes, RouteTable::Of(options.services));
  return std::unique_ptr<Gateway>(new Gateway(std::move(options), backend, std::move(routes)));
}

Gateway::Gateway(Options options, Backend& backend, RouteTable routes)
    : options_(std::move(options)),
      backend_(backend),
      routes_(std::move(routes)),
      workers_("gateway", kWorkers, kWaitingMax),
      for_strangers_("strangers", kStrangersWorkers, kStrangersWaitingMax),
      in_flight_(options_.in_flight),
      credentials_(options_.strangers),
      origins_(options_.strangers),
      gauges_([this] {
        SetGauge("gatehouse_http_under_way", {}, in_flight_.requests());
        SetGauge("gatehouse_http_bytes_under_way", {}, static_cast<double>(in_flight_.bytes()));
      }) {}

ForwardedClient Gateway::ClientOf(const HttpExchange& http) const {
  return ClientBehind(
      http.peer_address(),
      {http.Header("X-Forwarded-For"), http.Header("X-Forwarded-Proto"), http.Header("Forwarded")},
      options_.trusted_proxies);
}

Gateway::Request::Request(Gateway& gateway, HttpExchange& http)
    : http(http),
      client(gateway.ClientOf(http)),
      place(gateway.in_flight_, NetworkOf(client.address)) {
  const std::string& target = http.target();
  const size_t question = target.find('?');
  path = target.substr(0, question);
  if (question != std::string::npos) query = target.substr(question + 1);
  is_head = http.method() == "HEAD";
  origin = http.Header("Origin");
  client_request_id = HeaderText(http.Header("X-Request-Id"), kClientRequestIdMax);
  trace = TraceOfStranger(http.Header("traceparent"));
}

absl::Status Gateway::TooManyRequests() {
  return RefuseUntil(gateway::v1::TOO_MANY_REQUESTS, "too many requests are under way",
                     absl::Seconds(1));
}

awaitable<void> Gateway::Handle(HttpExchange& http) {
  Request request(*this, http);
  Span span(request.trace, Span::Kind::kServer, "http", request.start);
  request.trace = span.trace();
  absl::Status status = TooManyRequests();
  if (request.place.ok()) status = co_await Serve(request);
  if (!status.ok() && !http.answered()) {
    co_await LetPageRead(request);
    co_await AnswerProblem(request, status);
  }
  const std::string route = request.route == nullptr ? "none" : request.route->path;
  span.Add("http.route", route);
  span.Add("http.status_code", absl::StrCat(request.status));
  span.End(request.status < 500 ? absl::OkStatus() : absl::UnknownError(""));
  Account(request, status, route);
}

void Gateway::Account(const Request& request, const absl::Status& status,
                      const std::string& route) {
  const absl::Duration took = absl::Now() - request.start;
  if (request.status >= 500) {
    // Whom it asked, which is a part of what failed, and why.
    LogWarning("http.failed",
               {{"request_id", request.request_id},
                {"rpc", request.route == nullptr ? "none" : request.route->full_name},
                {"code", absl::StatusCodeToString(status.code())},
                {"error", std::string(status.message())}});
  }
  LogFields fields = {{"request_id", request.request_id},
                      {"trace_id", request.trace.trace_id},
                      {"method", request.route == nullptr ? "-" : request.route->verb},
                      {"route", route},
                      {"status", absl::StrCat(request.status)},
                      {"ms", absl::StrCat(absl::ToDoubleMilliseconds(took))}};
  if (!request.client_request_id.empty()) {
    fields.emplace_back("client_request_id", request.client_request_id);
  }
  LogInfo("http", fields);
  Count("gatehouse_http_requests_total",
        {{"route", route}, {"status", absl::StrCat(request.status)}});
  Observe("gatehouse_http_seconds", {{"route", route}}, absl::ToDoubleSeconds(took));
}

awaitable<void> Gateway::Refuse(HttpExchange& http, int status) {
  Request request(*this, http);
  request.refused = status;
  co_await LetPageRead(request);
  co_await AnswerProblem(request, gatehouse::Refuse(common::v1::INVALID_REQUEST, PhraseOf(status)));
  Account(request, absl::OkStatus(), "none");
}

awaitable<absl::Status> Gateway::Serve(Request& request) {
  if (request.http.method() == "OPTIONS" && !request.origin.empty()) {
    co_return co_await Preflight(request);
  }
  const bool is_own = request.path == "/healthz" || request.path == "/readyz" ||
                      options_.published.count(request.path) != 0;
  if (is_own) co_return co_await ServeOwn(request);
  absl::Status status = co_await FindRoute(request);
  if (status.ok()) status = CheckSite(request);
  if (status.ok()) status = co_await Identify(request);
  if (status.ok() && request.principal == nullptr && !request.place.Identify("")) {
    status = TooManyRequests();
  }
  if (status.ok()) status = co_await CheckOrigin(request);
  if (status.ok()) status = CheckEncoding(request);
  if (status.ok()) status = co_await Run(request);
  const bool disputed = absl::IsUnauthenticated(status) && request.principal != nullptr;
  if (!disputed || request.http.answered()) co_return status;
  status = co_await IdentifyAgain(request);
  co_return status.ok() ? Disputed() : status;
}

awaitable<absl::Status> Gateway::Run(Request& request) {
  if (request.route->rpc->client_streaming()) co_return co_await Upload(request);
  if (request.route->rpc->server_streaming()) co_return co_await Download(request);
  co_return co_await Unary(request);
}

awaitable<absl::Status> Gateway::ServeOwn(Request& request) {
  if (!request.is_head && request.http.method() != "GET") {
    co_return MethodNotAllowed(request, "GET, HEAD");
  }
  absl::Status ready;
  if (request.path == "/readyz" &&
      !co_await OnWorker(for_strangers_, [&] { ready = backend_.Ready(absl::Seconds(1)); })) {
    ready = absl::UnavailableError("busy");
  }
  if (!ready.ok()) co_return ready;
  request.status = 200;
  const auto published = options_.published.find(request.path);
  if (published != options_.published.end()) {
    HttpHeaders headers = HeadersOf(request, published->second.content_type);
    headers.emplace_back("Access-Control-Allow-Origin", "*");
    co_await request.http.Respond(200, headers, published->second.body);
  } else {
    co_await request.http.Respond(200, HeadersOf(request, "text/plain; charset=utf-8"),
                                  request.path == "/readyz" ? "ready\n" : "alive\n");
  }
  co_return absl::OkStatus();
}

absl::Status Gateway::MethodNotAllowed(Request& request, const std::string& allowed) {
  request.allow = allowed;
  return gatehouse::Refuse(gateway::v1::METHOD_NOT_ALLOWED,
                           "this address takes other methods: see Allow");
}

// No body is taken with a coding, such as gzip: how much it holds could not be told before.
absl::Status Gateway::CheckEncoding(Request& request) {
  const std::string coding = request.http.Header("Content-Encoding");
  if (!request.http.has_body() || coding.empty() || absl::EqualsIgnoreCase(coding, "identity"))
    return absl::OkStatus();
  return gatehouse::Refuse(gateway::v1::CONTENT_ENCODING_NOT_SUPPORTED,
                           "the body must come as it is: see Accept-Encoding");
}

awaitable<absl::Status> Gateway::FindRoute(Request& request) {
  const auto segments = SplitPath(request.path);
  if (!segments.ok()) co_return segments.status();
  // HEAD is answered as GET is, but for the body.
  Match match = routes_.Find(request.is_head ? "GET" : request.http.method(), *segments);
  if (match.route == nullptr) {
    if (match.allowed.empty()) {
      co_return gatehouse::Refuse(common::v1::NOT_FOUND, "there is nothing at this address");
    }
    co_return MethodNotAllowed(request, absl::StrReplaceAll(match.allowed, {{"GET", "GET, HEAD"}}));
  }
  request.route = match.route;
  request.variables = std::move(match.variables);
  co_return absl::OkStatus();
}

awaitable<bool> Gateway::OnWorker(WorkerPool& workers, std::function<void()> work) {
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(bool)>(
      [&workers, &work](auto handler) {
        // std::function wants a copy; the handler cannot be copied.
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        const auto resume = [shared](bool ran) {
          const auto executor = asio::get_associated_executor(*shared);
          asio::post(executor, [shared, ran] { (*shared)(ran); });
        };
        const bool taken = workers.Run([work, resume] {
          work();
          resume(true);
        });
        if (!taken) resume(false);
      },
      asio::use_awaitable);
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
  if (request.client.secure) headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
  if (!request.origin.empty()) headers.emplace_back("Vary", "Origin");
  if (request.origin_allowed) {
    headers.emplace_back("Access-Control-Allow-Origin", request.origin);
    headers.emplace_back("Access-Control-Allow-Credentials", "true");
    headers.emplace_back("Access-Control-Expose-Headers",
                         "X-Request-Id, ETag, Content-Disposition, Content-Range, Accept-Ranges, "
                         "Allow, Retry-After, WWW-Authenticate, Location, Document-Id, "
                         "Tus-Resumable, Tus-Version, Upload-Offset, Upload-Length, "
                         "Upload-Defer-Length, Upload-Metadata, Upload-Concat, Upload-Expires");
  }
  if (request.end_cookie) headers.emplace_back("Set-Cookie", CookieOf(request, ""));
  return headers;
}

Onward Gateway::OnwardOf(const Request& request) const {
  return {.method = request.route->full_name,
          .token = request.principal == nullptr ? "" : request.principal->token,
          .request_id = request.request_id,
          .client_request_id = request.client_request_id,
          .client_address = request.client.address,
          .user_agent = HeaderText(request.http.Header("User-Agent"), kUserAgentMax),
          .trace = request.trace,
          .deadline = absl::Now() + request.route->rules->deadline,
          .may_repeat = request.route->rules->may_repeat};
}

awaitable<void> Gateway::AnswerProblem(Request& request, const absl::Status& status) {
  const bool part = request.route != nullptr && request.route->body_field != nullptr;
  const std::string body_field = part ? request.route->body_field->name() : "";
  const Problem problem =
      request.refused != 0
          ? ProblemOf(request.refused, ReasonOf(status), std::string(status.message()),
                      request.path, request.request_id)
          : ProblemOf(status, request.path, request.request_id, body_field);
  HttpHeaders headers = HeadersOf(request, "application/problem+json");
  if (problem.retry_after_seconds > 0) {
    headers.emplace_back("Retry-After", absl::StrCat(problem.retry_after_seconds));
  }
  headers.insert(headers.end(), problem.headers.begin(), problem.headers.end());
  if (!request.allow.empty()) headers.emplace_back("Allow", request.allow);
  if (problem.status == 415) headers.emplace_back("Accept-Encoding", "identity");
  if (problem.status == 401 && request.route != nullptr && !request.route->portal) {
    headers.emplace_back("WWW-Authenticate", "Bearer");
  }
  request.status = problem.status;
  co_await request.http.Respond(problem.status, headers, problem.body);
}

}  // namespace gatehouse::gateway
