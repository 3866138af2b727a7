#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <vector>

#include "services/common/base/secret.h"
#include "services/notification/domain/sender.h"

namespace gatehouse::notification {

using CurlHandle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

// A handle, which keeps its connections from one message to the next.
CurlHandle NewCurl();

// Forgets the last transfer, and sets what both senders want: limits in time, no signals, and of
// all that curl speaks only `protocols`.
void Prepare(CURL* curl, const std::string& url, const char* protocols);

using CurlList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;
CurlList ListOf(const std::vector<std::string>& lines);

// The header by which a message can be followed to here; none where there is no trace.
std::vector<std::string> TraceHeader();

struct SmtpConfig {
  Secret url;        // smtp://user:password@host:port or smtps://…
  std::string from;  // The address that messages come from.
};

// E-mail by SMTP. Sending again is harmless: the Message-ID stays the same.
class SmtpSender : public Sender {
 public:
  explicit SmtpSender(SmtpConfig config);
  SendResult Send(const Outgoing& message) override;
  std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing&) override {
    return std::nullopt;
  }

 private:
  const SmtpConfig config_;
  const long use_tls_;  // A curl_usessl.
  CurlHandle curl_;
};

struct SmsConfig {
  std::string url;  // Base URL of an API with the shape of Twilio's Messages resource.
  std::string account;
  Secret token;
  std::string from;  // The sender's number or name.
};

// SMS by Twilio's Messages resource: POST …/Accounts/{account}/Messages.json.
class SmsSender : public Sender {
 public:
  explicit SmsSender(SmsConfig config);
  SendResult Send(const Outgoing& message) override;
  std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing& message) override;

 private:
  // Asks the Messages resource, with `form` by POST; the answer's text is in answer_ then, and its
  // status is what is returned beside curl's own code.
  std::pair<CURLcode, long> Ask(const std::string& query, const std::string* form);

  const SmsConfig config_;
  const std::string resource_;
  CurlHandle curl_;
  std::string answer_;
};

}  // namespace gatehouse::notification
