#include "browser.h"

#include <curl/curl.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

namespace {

using nlohmann::json;

size_t Append(char* data, size_t size, size_t count, void* to) {
  static_cast<std::string*>(to)->append(data, size * count);
  return size * count;
}

// The answer to a GET, or to a POST where there is something to post.
json Ask(const std::string& url, const json& content = nullptr) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 curl_easy_cleanup);
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(
      curl_slist_append(nullptr, "Content-Type: application/json"), curl_slist_free_all);
  const std::string body = content.dump();
  std::string answer;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 5L);
  curl_easy_setopt(curl.get(), CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  if (!content.is_null()) curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) throw std::runtime_error(url + ": " + curl_easy_strerror(code));
  return json::parse(answer);
}

std::string CodeTo(const std::string& mobile) {
  const std::string url =
      std::string(std::getenv("GATEHOUSE_SINK_URL")) + "/messages?to=%2B" + mobile.substr(1);
  for (int i = 0; i < 400; ++i) {
    const json texts = Ask(url).at("sms");
    if (!texts.empty()) {
      const std::string text = texts[0].at("body");
      return text.substr(text.rfind('#') + 1, 6);  // Its last line is for browsers: @host #123456
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  throw std::runtime_error("no SMS came");
}

}  // namespace

void Enter(const std::string& link, const std::string& mobile) {
  const std::string portal = std::string(std::getenv("GATEHOUSE_URL")) + "/v1/portal/signIn";
  const std::string token = link.substr(link.find('#') + 1);
  const json started = Ask(portal + ":start", {{"token", token}, {"method", "SMS_CODE"}});
  Ask(portal + ":verify", {{"challengeId", started.at("challengeId")}, {"code", CodeTo(mobile)}});
}
