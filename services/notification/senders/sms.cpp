#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "services/common/log.h"
#include "services/notification/senders/curl.h"

namespace gatehouse::notification {
namespace {

constexpr size_t kAnswerMax = 1 << 20;

size_t Collect(char* data, size_t size, size_t count, void* to) {
  auto& answer = *static_cast<std::string*>(to);
  if (answer.size() + size * count > kAnswerMax) return 0;
  answer.append(data, size * count);
  return size * count;
}

std::string Escaped(CURL* curl, const std::string& text) {
  char* escaped = curl_easy_escape(curl, text.data(), static_cast<int>(text.size()));
  const std::string copy = escaped == nullptr ? "" : escaped;
  curl_free(escaped);
  return copy;
}

// What failed before a byte of the request left cannot have been taken.
bool NeverLeft(CURLcode code) {
  return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
         code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION;
}

std::string TextOf(const nlohmann::json& object, const char* name) {
  const auto value = object.find(name);
  return value != object.end() && value->is_string() ? value->get<std::string>() : "";
}

}  // namespace

SmsSender::SmsSender(SmsConfig config) : config_(std::move(config)), curl_(NewCurl()) {}

CURLcode SmsSender::Perform(const std::string& url, const std::string* form) {
  CURL* curl = curl_.get();
  answer_.clear();
  curl_easy_reset(curl);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 5L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 15L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  curl_easy_setopt(curl, CURLOPT_USERNAME, config_.account.c_str());
  curl_easy_setopt(curl, CURLOPT_PASSWORD, config_.token.Reveal().c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Collect);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer_);
  if (form != nullptr) {
    // On a connection that was used before, libcurl sends a POST again by itself where the answer
    // is lost, and with it the SMS.
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, form->c_str());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(form->size()));
  }
  return curl_easy_perform(curl);
}

SendResult SmsSender::Send(const Outgoing& message) {
  CURL* curl = curl_.get();
  const std::string form =
      absl::StrCat("To=", Escaped(curl, message.recipient), "&From=", Escaped(curl, config_.from),
                   "&Body=", Escaped(curl, message.body));
  const CURLcode code = Perform(
      absl::StrCat(config_.url, "/2010-04-01/Accounts/", config_.account, "/Messages.json"), &form);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_OK && status / 100 == 2) {
    const auto resource = nlohmann::json::parse(answer_, nullptr, false);
    return {Outcome::kSent, resource.is_object() ? TextOf(resource, "sid") : "", ""};
  }
  LogWarning("sms.failed", {{"curl", curl_easy_strerror(code)}, {"status", absl::StrCat(status)}});
  if (code != CURLE_OK) return {NeverLeft(code) ? Outcome::kTryAgain : Outcome::kUnsure, "", ""};
  // A key that is refused or a rate limit is the operator's to mend, not the recipient's fault.
  const bool ours =
      status == 401 || status == 403 || status == 404 || status == 408 || status == 429;
  if (status / 100 == 4 && !ours) return {Outcome::kRefused, "", "PROVIDER_REFUSED"};
  return {status / 100 == 5 ? Outcome::kUnsure : Outcome::kTryAgain, "", ""};
}

std::optional<absl::StatusOr<std::vector<std::string>>> SmsSender::Find(const Outgoing& message) {
  const std::string url =
      absl::StrCat(config_.url, "/2010-04-01/Accounts/", config_.account,
                   "/Messages.json?PageSize=50&To=", Escaped(curl_.get(), message.recipient));
  const CURLcode code = Perform(url, nullptr);
  long status = 0;
  curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
  const auto list = nlohmann::json::parse(answer_, nullptr, false);
  if (code != CURLE_OK || status != 200 || !list.is_object() || !list.contains("messages")) {
    return absl::StatusOr<std::vector<std::string>>(absl::UnavailableError("the provider is away"));
  }
  std::vector<std::string> ids;
  for (const auto& resource : list["messages"]) {
    if (resource.is_object() && TextOf(resource, "body") == message.body) {
      ids.push_back(TextOf(resource, "sid"));
    }
  }
  return absl::StatusOr<std::vector<std::string>>(std::move(ids));
}

}  // namespace gatehouse::notification
