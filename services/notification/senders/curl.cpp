#include "services/notification/senders/curl.h"

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

}  // namespace gatehouse::notification
