#include "services/notification/senders/curl.h"

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
