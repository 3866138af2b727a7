#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/gateway/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/text/network.h"
#include "services/gateway/gateway_request.h"
#include "services/gateway/http/forwarded.h"
#include "services/gateway/session_cookie.h"

// Who calls, and from which page.
namespace gatehouse::gateway {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr size_t kCredentialMax = 512, kOriginMax = 300, kOriginsMax = 10000;
constexpr absl::Duration kOriginLife = absl::Seconds(60);

SessionCookie CookieFor(const HttpExchange& http, bool secure) {
  return SessionCookie({.cookies = http.Header("Cookie"),
                        .origin = http.Header("Origin"),
                        .referer = http.Header("Referer"),
                        .fetch_site = http.Header("Sec-Fetch-Site"),
                        .host = http.Header("Host"),
                        .secure = secure});
}

absl::Status AskedTooOften() {
  return RefuseUntil(gateway::v1::TOO_MANY_REQUESTS,
                     "too many credentials that are not valid came from this address",
                     absl::Seconds(1));
}

}  // namespace

std::string Gateway::CredentialOf(const Request& request) {
  const HttpExchange& http = request.http;
  if (request.route->portal) return CookieFor(http, request.client.secure).value();
  const std::string header = http.Header("Authorization");
  if (!absl::StartsWithIgnoreCase(header, "bearer ")) return "";
  return std::string(absl::StripAsciiWhitespace(absl::string_view(header).substr(7)));
}

// Portal routes know the cookie alone, the others a bearer credential alone: a cookie that a
// browser sends by itself opens nothing else.
awaitable<absl::Status> Gateway::Identify(Request& request) {
  if (request.route->rules->audience.count(common::v1::ANYONE) != 0) co_return absl::OkStatus();
  std::string credential = CredentialOf(request);
  if (credential.empty() || options_.authenticator == nullptr) {
    co_return gatehouse::Refuse(common::v1::CREDENTIAL_MISSING, "this call needs a credential");
  }
  if (credential.size() > kCredentialMax) {
    co_return gatehouse::Refuse(common::v1::CREDENTIAL_INVALID, "the credential is not valid");
  }
  const Secret secret(std::move(credential));
  request.principal = options_.authenticator->Cached(secret);
  absl::Status status;
  if (request.principal == nullptr) status = co_await Exchange(request, secret);
  if (!status.ok()) co_return status;
  request.http.SignIn();
  if (request.place.Identify(request.principal->caller.credential_id)) co_return absl::OkStatus();
  co_return TooManyRequests();
}

awaitable<absl::Status> Gateway::Exchange(Request& request, const Secret& secret) {
  const std::string hash = Sha256(secret.Reveal()), from = NetworkOf(request.client.address);
  const Strangers::Ask ask = credentials_.MayAsk(hash, from, absl::Now());
  if (ask == Strangers::Ask::kTooOften) co_return AskedTooOften();
  absl::StatusOr<std::shared_ptr<const Principal>> exchanged = absl::UnavailableError("busy");
  if (ask == Strangers::Ask::kMissed) {
    exchanged = gatehouse::Refuse(common::v1::CREDENTIAL_INVALID, "the credential is not valid");
  } else {
    Call call;
    call.request_id = request.request_id;
    call.client_address = request.client.address;
    call.trace = request.trace;
    call.deadline = absl::Now() + absl::Seconds(5);
    co_await OnWorker(ask == Strangers::Ask::kKnown ? workers_ : for_strangers_, [&] {
      const CallScope scope(call);
      exchanged = options_.authenticator->Authenticate(secret);
    });
  }
  if (exchanged.ok()) {
    credentials_.WasGood(hash, from, absl::Now());
    request.principal = *std::move(exchanged);
    co_return absl::OkStatus();
  }
  if (absl::IsUnauthenticated(exchanged.status())) {
    request.end_cookie = request.route->portal;
    if (ask != Strangers::Ask::kMissed) credentials_.WasMissed(hash, absl::Now());
  }
  co_return exchanged.status();
}

// A service has refused the token that identity gave us for the credential. Whether the credential
// itself has ended only identity can say: a signing key may have been withdrawn meanwhile, and who
// reads 401 signs its user out.
awaitable<absl::Status> Gateway::IdentifyAgain(Request& request) {
  const Secret secret(CredentialOf(request));
  request.principal = nullptr;
  options_.authenticator->Forget(secret);
  co_return co_await Exchange(request, secret);
}

// A transfer uses its session for as long as it lasts: identity hears of it as of so many requests.
awaitable<void> Gateway::NoteUse(Request& request) {
  const absl::Time now = absl::Now();
  if (request.principal == nullptr || now < request.last_use + options_.use_noted_every) co_return;
  request.last_use = now;
  const Secret secret(CredentialOf(request));
  if (options_.authenticator->Cached(secret) == nullptr) (void)co_await Exchange(request, secret);
}

// Identity knows the credential, and will be asked about it by the next who brings it.
absl::Status Gateway::Disputed() {
  return absl::UnavailableError("a service does not take identity's word");
}

awaitable<absl::StatusOr<bool>> Gateway::KnowsOrigin(const Request& request) {
  const std::string& origin = request.origin;
  if (options_.check_origin == nullptr || origin.size() > kOriginMax) co_return false;
  {
    const std::lock_guard lock(mutex_);
    const auto known = allowed_origins_.find(origin);
    if (known != allowed_origins_.end() && absl::Now() < known->second) co_return true;
  }
  const std::string from = NetworkOf(request.client.address);
  const Strangers::Ask ask = origins_.MayAsk(origin, from, absl::Now());
  if (ask == Strangers::Ask::kMissed || ask == Strangers::Ask::kTooOften) co_return false;
  absl::StatusOr<bool> allowed = absl::UnavailableError("busy");
  co_await OnWorker(ask == Strangers::Ask::kKnown ? workers_ : for_strangers_,
                    [&] { allowed = options_.check_origin(origin); });
  if (!allowed.ok()) co_return allowed;
  if (!*allowed) {
    origins_.WasMissed(origin, absl::Now());
    co_return false;
  }
  origins_.WasGood(origin, from, absl::Now());
  const std::lock_guard lock(mutex_);
  if (allowed_origins_.size() >= kOriginsMax) allowed_origins_.clear();
  allowed_origins_[origin] = absl::Now() + kOriginLife;
  co_return true;
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
    const auto known = co_await KnowsOrigin(request);
    if (!known.ok()) co_return known.status();
    request.origin_allowed = *known;
  }
  request.origin_checked = true;
  const bool changes = request.route->verb != "GET";
  if (request.origin_allowed || !request.route->portal || !changes) co_return absl::OkStatus();
  co_return gatehouse::Refuse(gateway::v1::ORIGIN_NOT_ALLOWED,
                              "a page of this origin may not call here");
}

// A refusal comes before the page's origin was looked at: a page of an origin that is known may
// read it all the same.
awaitable<void> Gateway::LetPageRead(Request& request) {
  if (request.origin.empty() || request.origin_checked) co_return;
  request.origin_checked = true;
  const auto known = co_await KnowsOrigin(request);
  request.origin_allowed = known.ok() && *known;
}

// The session's cookie is SameSite=Lax: no browser sends it with what a page of another site asks
// for. So a sign-in from there cannot work, and says so before it uses up what it was given.
absl::Status Gateway::CheckSite(const Request& request) {
  const bool anyone = request.route->rules->audience.count(common::v1::ANYONE) != 0;
  if (!anyone || request.http.Header("Sec-Fetch-Site") != "cross-site") return absl::OkStatus();
  const google::protobuf::Descriptor& answer = *request.route->rpc->output_type();
  for (int i = 0; i < answer.field_count(); ++i) {
    if (!RuleOf(*answer.field(i)).cookie()) continue;
    return gatehouse::Refuse(
        gateway::v1::CROSS_SITE_SIGN_IN,
        "the portal's page is on another site than this address, so that its session would not "
        "come back: serve both below one domain, or pass /v1 on from the portal's own host");
  }
  return absl::OkStatus();
}

awaitable<absl::Status> Gateway::Preflight(Request& request) {
  const auto known = co_await KnowsOrigin(request);
  if (!known.ok()) co_return known.status();
  request.origin_checked = true;
  if (!*known) {
    co_return gatehouse::Refuse(gateway::v1::ORIGIN_NOT_ALLOWED,
                                "a page of this origin may not call here");
  }
  request.origin_allowed = true;
  HttpHeaders headers = HeadersOf(request, "");
  headers.emplace_back("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
  headers.emplace_back("Access-Control-Allow-Headers",
                       "Authorization, Content-Type, Range, If-Range, If-None-Match, "
                       "Idempotency-Key, X-Request-Id, traceparent, tracestate, baggage, "
                       "Content-Digest, Repr-Digest, Content-MD5, Tus-Resumable, Upload-Offset, "
                       "Upload-Length, Upload-Defer-Length, Upload-Metadata, Upload-Concat, "
                       "Upload-Checksum");
  headers.emplace_back("Access-Control-Max-Age", "600");
  request.status = 204;
  co_await request.http.Respond(204, headers, "");
  co_return absl::OkStatus();
}

// An empty token ends the cookie.
std::string Gateway::CookieOf(const Request& request, const std::string& token) const {
  const SessionCookie cookie = CookieFor(request.http, request.client.secure);
  return absl::StrCat(token.empty() ? cookie.found_as() : cookie.name(), "=", token,
                      "; Path=/; HttpOnly; SameSite=Lax", request.client.secure ? "; Secure" : "",
                      token.empty() ? "; Max-Age=0" : "");
}

}  // namespace gatehouse::gateway
