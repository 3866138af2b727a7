#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"
#include "services/notification/senders/curl.h"

namespace gatehouse::notification {
namespace {

constexpr size_t kAnswerMax = 1 << 20;
// The account may not send to this recipient's region: another recipient may fare better.
constexpr int64_t kRegion = 21408;

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
  // These may be about the recipient or the text. Whatever else there is, such as a key that is
  // refused, a bill that is due, an address that is none or a rate limit, is the operator's to
  // mend.
  const bool of_message = status == 400 || status == 413 || status == 422;
  return of_message ? Outcome::kRefused : Outcome::kTryAgain;
}

// The account's or the sender's to mend: another request with the same recipient and text may be
// taken later. Not in the account's plan or region, a sender that is none or may not send or is not
// registered, a queue that is full, a day's share that is used up, an account that is suspended.
bool IsOurs(int64_t code) {
  constexpr std::array<int64_t, 34> kOurs = {
      10001, 10004, 14107, 20003, 20005, 20006, 20008, 20404, 20429, 21212, 21408, 21603,
      21606, 21607, 21611, 21659, 21660, 21661, 21701, 21703, 21704, 21705, 30001, 30002,
      30010, 30022, 30023, 30024, 30027, 30032, 30034, 30036, 63038, 90010};
  return std::find(kOurs.begin(), kOurs.end(), code) != kOurs.end();
}

// The provider's own code, by this name: a number or the text of one; 0 where there is none.
int64_t CodeOf(const nlohmann::json& answer, const char* name) {
  if (!answer.is_object() || !answer.contains(name)) return 0;
  const auto& code = answer[name];
  if (code.is_number_integer()) return code.get<int64_t>();
  int64_t number = 0;
  return code.is_string() && absl::SimpleAtoi(code.get<std::string>(), &number) ? number : 0;
}

std::string TextOf(const nlohmann::json& object, const char* name) {
  const auto value = object.find(name);
  return value != object.end() && value->is_string() ? value->get<std::string>() : "";
}

// An error's code, or that of a message that was taken and failed.
int64_t CodeIn(const nlohmann::json& answer) {
  const int64_t code = CodeOf(answer, "error_code");
  return code != 0 ? code : CodeOf(answer, "code");
}

bool HasFailed(const nlohmann::json& resource) {
  if (!resource.is_object()) return false;
  const std::string status = TextOf(resource, "status");
  return status == "failed" || status == "undelivered" || status == "canceled" ||
         CodeOf(resource, "error_code") != 0;
}

// What the answer says beyond its status.
SendResult ResultOf(Outcome outcome, const nlohmann::json& answer, bool own) {
  if (outcome == Outcome::kSent && !HasFailed(answer)) {
    return {outcome, answer.is_object() ? TextOf(answer, "sid") : "", "", {}};
  }
  if (outcome != Outcome::kSent && outcome != Outcome::kRefused) return {outcome, "", "", {}};
  const int64_t code = CodeIn(answer);
  if (IsOurs(code)) {
    if (own) return {Outcome::kTryAgain, "", "", {}};
    Count("gatehouse_relay_refusals_total", {{"command", "sms"}, {"reply", absl::StrCat(code)}});
    return {Outcome::kTryAgain, "", "", {}};
  }
  const std::string named = code == 0 ? "" : absl::StrCat(" ", code);
  return {Outcome::kRefused, "", absl::StrCat("PROVIDER_REFUSED", named), {}};
}

}  // namespace

SmsSender::SmsSender(SmsConfig config)
    : config_(std::move(config)),
      resource_(
          absl::StrCat(config_.url, "/2010-04-01/Accounts/", config_.account, "/Messages.json")),
      curl_(NewCurl()) {}

std::pair<CURLcode, long> SmsSender::Ask(const std::string& query, const std::string* form,
                                         const std::string& key) {
  CURL* curl = curl_.get();
  answer_.clear();
  Prepare(curl, resource_ + query, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  curl_easy_setopt(curl, CURLOPT_USERNAME, config_.account.c_str());
  curl_easy_setopt(curl, CURLOPT_PASSWORD, config_.token.Reveal().c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Collect);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer_);
  std::vector<std::string> lines = TraceHeader();
  // The same at each attempt, and at each provider: one that knows the header takes it once.
  if (!key.empty()) lines.push_back("Idempotency-Key: " + key);
  const CurlList headers = ListOf(lines);
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

std::string CallbackUrl(const std::string& callback_url, const std::string& organisation_id,
                        const std::string& message_id) {
  // Ids need no escaping.
  if (organisation_id.empty()) return callback_url;
  if (message_id.empty()) return absl::StrCat(callback_url, "?organisationId=", organisation_id);
  return absl::StrCat(callback_url, "?organisationId=", organisation_id, "&messageId=", message_id);
}

SendResult SmsSender::Send(const Outgoing& message) {
  CURL* curl = curl_.get();
  std::string form = absl::StrCat("To=", Escaped(curl, message.recipient.text()),
                                  "&From=", Escaped(curl, config_.from),
                                  "&Body=", Escaped(curl, message.text.body));
  if (!config_.callback_url.empty()) {
    const std::string url =
        CallbackUrl(config_.callback_url, message.organisation_id, message.message_id);
    absl::StrAppend(&form, "&StatusCallback=", Escaped(curl, url));
  }
  const auto [code, status] = Ask("", &form, message.message_id);
  const auto answer = nlohmann::json::parse(answer_, nullptr, false);
  SendResult result = ResultOf(OutcomeOf(code, status), answer, config_.own);
  if (result.outcome == Outcome::kSent) return result;
  result.away = result.outcome != Outcome::kRefused && CodeIn(answer) != kRegion;
  curl_off_t wait = 0;
  if (status == 429 || status == 503) curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait);
  result.wait = absl::Seconds(wait);
  result.detail = code != CURLE_OK ? "UNREACHABLE" : absl::StrCat(status, " ", CodeIn(answer));
  LogWarning("sms.failed", {{"message", message.message_id},
                            {"curl", curl_easy_strerror(code)},
                            {"status", absl::StrCat(status)},
                            {"code", absl::StrCat(CodeIn(answer))}});
  return result;
}

std::optional<absl::StatusOr<std::vector<std::string>>> SmsSender::Find(const Outgoing& message) {
  using Ids = absl::StatusOr<std::vector<std::string>>;
  const auto [code, status] =
      Ask(absl::StrCat("?PageSize=50&To=", Escaped(curl_.get(), message.recipient.text())), nullptr,
          "");
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
    // One that failed has not arrived, as where the provider says so at once.
    if (resource.is_object() && !HasFailed(resource) &&
        TextOf(resource, "body") == message.text.body) {
      ids.push_back(TextOf(resource, "sid"));
    }
  }
  return Ids(std::move(ids));
}

}  // namespace gatehouse::notification
