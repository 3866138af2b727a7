#include "services/notification/webhooks/curl_poster.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/notification/webhooks/domain/signature.h"

namespace gatehouse::notification {
namespace {

// What is read of an answer, so that its connection serves the next post; what is longer ends it.
constexpr size_t kHeadMax = 64 << 10, kBodyMax = 64 << 10;

// One post under way.
struct Exchange {
  const WebhookTargets& targets;
  bool tls = false;
  bool denied = false;    // An address that may not be reached.
  bool answered = false;  // A head has come to its end.
  size_t head = 0;        // Bytes of heads.
  size_t body = 0;        // And of what follows.
};

std::string TextOf(const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = {};
  const void* bytes =
      address.sa_family == AF_INET6
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr)
          : &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
  return inet_ntop(address.sa_family, bytes, text, sizeof(text)) == nullptr ? "" : text;
}

// Here, and not before: a name may stand for another address each time that it is looked up.
curl_socket_t OpenSocket(void* of, curlsocktype, curl_sockaddr* to) {
  auto& exchange = *static_cast<Exchange*>(of);
  const bool internet = to->family == AF_INET || to->family == AF_INET6;
  if (!internet || !exchange.targets.MayReach(TextOf(to->addr), exchange.tls)) {
    exchange.denied = true;
    return CURL_SOCKET_BAD;
  }
  return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

// One line after the other. There may be a head of 1xx before the answer's.
size_t CountHead(char* line, size_t size, size_t count, void* of) {
  auto& exchange = *static_cast<Exchange*>(of);
  exchange.head += size * count;
  if (absl::StartsWith({line, size * count}, "HTTP/")) exchange.answered = false;
  if (line[0] == '\r' || line[0] == '\n') exchange.answered = true;
  return exchange.head > kHeadMax ? 0 : size * count;
}

size_t CountBody(char*, size_t size, size_t count, void* of) {
  auto& exchange = *static_cast<Exchange*>(of);
  exchange.body += size * count;
  return exchange.body > kBodyMax ? 0 : size * count;
}

WebhookFailure FailureOf(CURLcode code, bool denied) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return WebhookFailure::kHostUnknown;
    case CURLE_COULDNT_CONNECT:
      return denied ? WebhookFailure::kAddressNotAllowed : WebhookFailure::kConnectionRefused;
    case CURLE_OPERATION_TIMEDOUT:
      return WebhookFailure::kTimedOut;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return WebhookFailure::kTlsFailed;
    default:
      return WebhookFailure::kNoAnswer;
  }
}

WebhookResult ResultOf(CURL* curl, CURLcode code, const Exchange& exchange) {
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  // What goes wrong after the head is the body's, which nobody asked for.
  if (!exchange.answered || status < 200) return {.failure = FailureOf(code, exchange.denied)};
  if (status < 300) return {};
  WebhookResult result = {.failure = WebhookFailure::kStatusNotOk,
                          .http_status = static_cast<int>(status),
                          .gone = status == 410};
  curl_off_t seconds = 0;
  curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds);
  if (status == 429 || status == 503) result.wait = absl::Seconds(seconds);
  return result;
}

std::vector<std::string> HeadersOf(const WebhookPost& post, const std::string& body) {
  const absl::Time now = absl::Now();
  std::vector<std::string> lines = {
      "Content-Type: application/json",
      "Expect:", absl::StrCat("webhook-id: ", post.event->event_id),
      absl::StrCat("webhook-timestamp: ", absl::ToUnixSeconds(now)),
      absl::StrCat("webhook-signature: ",
                   WebhookSignature(post.secrets, post.event->event_id, now, body))};
  return lines;
}

}  // namespace

std::string WebhookBody(const Event& event) {
  return nlohmann::json({{"type", event.type},
                         {"timestamp", absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", event.time,
                                                        absl::UTCTimeZone())},
                         {"eventId", event.event_id},
                         {"caseId", event.case_id},
                         {"data", event.data}})
      .dump();
}

CurlWebhookPoster::CurlWebhookPoster(const WebhookTargets& targets, std::string ca_file,
                                     absl::Duration patience)
    : targets_(targets), ca_file_(std::move(ca_file)), patience_(patience), curl_(NewCurl()) {}

WebhookResult CurlWebhookPoster::Send(const WebhookPost& post) {
  CURL* curl = curl_.get();
  Exchange exchange = {.targets = targets_, .tls = absl::StartsWith(post.url, "https:")};
  const std::string body = WebhookBody(*post.event);
  const CurlList headers = ListOf(HeadersOf(post, body));
  Prepare(curl, post.url, "http,https");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, absl::ToInt64Milliseconds(patience_));
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "Gatehouse-Webhooks/1");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, OpenSocket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, CountHead);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, CountBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  if (!ca_file_.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file_.c_str());
  return ResultOf(curl, curl_easy_perform(curl), exchange);
}

}  // namespace gatehouse::notification
