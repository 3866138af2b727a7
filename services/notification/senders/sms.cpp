#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "services/common/observe/log.h"
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

// What is left of a form that is being sent.
struct Rest {
  const char* data;
  size_t size;
};

size_t Give(char* to, size_t size, size_t count, void* from) {
  auto& rest = *static_cast<Rest*>(from);
  const size_t given = std::min(size * count, rest.size);
  std::memcpy(to, rest.data, given);
  rest = {rest.data + given, rest.size - given};
  return given;
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

Outcome OutcomeOf(CURLcode code, long status) {
  if (code != CURLE_OK) return NeverLeft(code) ? Outcome::kTryAgain : Outcome::kUnsure;
  if (status / 100 == 2) return Outcome::kSent;
  if (status / 100 == 5) return Outcome::kUnsure;
  // A key that is refused or a rate limit is the operator's to mend, not the recipient's fault.
  const bool ours =
      status == 401 || status == 403 || status == 404 || status == 408 || status == 429;
  return status / 100 == 4 && !ours ? Outcome::kRefused : Outcome::kTryAgain;
}

std::string TextOf(const nlohmann::json& object, const char* name) {
  const auto value = object.find(name);
  return value != object.end() && value->is_string() ? value->get<std::string>() : "";
}

}  // namespace

SmsSender::SmsSender(SmsConfig config)
    : config_(std::move(config)),
      resource_(
          absl::StrCat(config_.url, "/2010-04-01/Accounts/", config_.account, "/Messages.json")),
      curl_(NewCurl()) {}

std::pair<CURLcode, long> SmsSender::Ask(const std::string& query, const std::string* form) {
  CURL* curl = curl_.get();
  answer_.clear();
  Prepare(curl, resource_ + query, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  curl_easy_setopt(curl, CURLOPT_USERNAME, config_.account.c_str());
  curl_easy_setopt(curl, CURLOPT_PASSWORD, config_.token.Reveal().c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Collect);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer_);
  const CurlList headers = ListOf(TraceHeader());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  Rest rest{nullptr, 0};
  if (form != nullptr) {
    // Given by a function that cannot go back: a form that curl has at hand it sends a second time,
    // by itself, when a kept connection ends without an answer.
    rest = {form->data(), form->size()};
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(form->size()));
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, Give);
    curl_easy_setopt(curl, CURLOPT_READDATA, &rest);
  }
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  return {code, status};
}

SendResult SmsSender::Send(const Outgoing& message) {
  CURL* curl = curl_.get();
  const std::string form = absl::StrCat("To=", Escaped(curl, message.recipient.text()),
                                        "&From=", Escaped(curl, config_.from),
                                        "&Body=", Escaped(curl, message.text.body));
  const auto [code, status] = Ask("", &form);
  const Outcome outcome = OutcomeOf(code, status);
  if (outcome == Outcome::kSent) {
    const auto resource = nlohmann::json::parse(answer_, nullptr, false);
    return {outcome, resource.is_object() ? TextOf(resource, "sid") : "", ""};
  }
  LogWarning("sms.failed", {{"message", message.message_id},
                            {"curl", curl_easy_strerror(code)},
                            {"status", absl::StrCat(status)}});
  return {outcome, "", outcome == Outcome::kRefused ? "PROVIDER_REFUSED" : ""};
}

std::optional<absl::StatusOr<std::vector<std::string>>> SmsSender::Find(const Outgoing& message) {
  using Ids = absl::StatusOr<std::vector<std::string>>;
  const auto [code, status] = Ask(
      absl::StrCat("?PageSize=50&To=", Escaped(curl_.get(), message.recipient.text())), nullptr);
  const auto answer = nlohmann::json::parse(answer_, nullptr, false);
  const bool list = answer.is_object() && answer.contains("messages");
  if (code != CURLE_OK || status != 200 || !list || !answer["messages"].is_array()) {
    LogWarning("sms.not_asked", {{"message", message.message_id},
                                 {"curl", curl_easy_strerror(code)},
                                 {"status", absl::StrCat(status)}});
    return Ids(absl::UnavailableError("the provider cannot be asked"));
  }
  std::vector<std::string> ids;
  for (const auto& resource : answer["messages"]) {
    if (resource.is_object() && TextOf(resource, "body") == message.text.body) {
      ids.push_back(TextOf(resource, "sid"));
    }
  }
  return Ids(std::move(ids));
}

}  // namespace gatehouse::notification
