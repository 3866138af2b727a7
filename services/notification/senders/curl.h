#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "services/common/secret.h"
#include "services/notification/domain/sender.h"

namespace gatehouse::notification {

using CurlHandle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

// A handle with what both senders want: limits in time and no signals. Keeps its connection.
CurlHandle NewCurl();

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
  CURLcode Perform(const std::string& url, const std::string* form);

  const SmsConfig config_;
  CurlHandle curl_;
  std::string answer_;
};

}  // namespace gatehouse::notification
