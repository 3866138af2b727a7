#include "services/notification/senders/curl.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "services/common/base/caller.h"

namespace gatehouse::notification {

CurlHandle NewCurl() { return {curl_easy_init(), curl_easy_cleanup}; }

void Prepare(CURL* curl, const std::string& url, const char* protocols) {
  curl_easy_reset(curl);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 5L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 15L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
}

namespace {

// When the connection is made, and not before: a name may stand for another address each time.
curl_socket_t OpenSocket(void* of, curlsocktype, curl_sockaddr* to) {
  const auto& targets = *static_cast<const WebhookTargets*>(of);
  char text[INET6_ADDRSTRLEN] = {};
  const sockaddr& address = to->addr;
  const void* bytes =
      address.sa_family == AF_INET6
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr)
          : &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
  const bool internet = to->family == AF_INET || to->family == AF_INET6;
  if (!internet || inet_ntop(address.sa_family, bytes, text, sizeof(text)) == nullptr ||
      !targets.MayReach(text, true)) {
    return CURL_SOCKET_BAD;
  }
  return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

}  // namespace

void ConfineTo(CURL* curl, const WebhookTargets& targets) {
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, OpenSocket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, const_cast<WebhookTargets*>(&targets));
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
}

CurlList ListOf(const std::vector<std::string>& lines) {
  CurlList list(nullptr, curl_slist_free_all);
  for (const std::string& line : lines) {
    list.reset(curl_slist_append(list.release(), line.c_str()));
  }
  return list;
}

std::vector<std::string> TraceHeader() {
  const std::string traceparent = Call::Current().trace.Traceparent();
  if (traceparent.empty()) return {};
  return {"traceparent: " + traceparent};
}

}  // namespace gatehouse::notification
