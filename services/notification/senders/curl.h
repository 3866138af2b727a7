#pragma once

#include <curl/curl.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/common/base/secret.h"
#include "services/notification/domain/sender.h"
#include "services/notification/senders/smtp_reply.h"
#include "services/notification/webhooks/domain/target.h"

namespace gatehouse::notification {

using CurlHandle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

// A handle, which keeps its connections from one message to the next.
CurlHandle NewCurl();

// Forgets the last transfer, and sets what both senders want: limits in time, no signals, and of
// all that curl speaks only `protocols`.
void Prepare(CURL* curl, const std::string& url, const char* protocols);

using CurlList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;
CurlList ListOf(const std::vector<std::string>& lines);

// Lets a handle connect to what may be reached alone; `targets` must outlive its transfers.
void ConfineTo(CURL* curl, const WebhookTargets& targets);

// The header by which a message can be followed to here; none where there is no trace.
std::vector<std::string> TraceHeader();

// How far TLS is insisted on. A certificate is verified wherever there is TLS.
enum class SmtpTls {
  kOff,            // None, though the server offers it.
  kOpportunistic,  // Where the server offers it.
  kRequired,       // Nothing is sent without it.
};

// The least that a URL allows: all of it for smtps://, and where a password would leave for another
// machine.
SmtpTls LeastTls(const Secret& url);

struct SmtpConfig {
  Secret url;                  // smtp://user:password@host:port or smtps://…, without a query
  std::string from;            // The address that messages come from.
  std::optional<SmtpTls> tls;  // LeastTls(url) where nothing is said.
  std::string ca_file;         // The PEM file of whom to trust; empty: the system's.
  // Of an organisation's own: which addresses may be reached. Its failures are counted nowhere.
  const WebhookTargets* targets = nullptr;
};

// E-mail by SMTP. Sending again is harmless: the Message-ID stays the same. Only what is about the
// recipient or the text is refused for good: RECIPIENT_REFUSED, or RECIPIENT_NEEDS_SMTPUTF8 where
// the name before the @ is not ASCII and the server takes no such names. What is the sender's or
// the relay's to mend is counted (gatehouse_relay_refusals_total) and tried again.
class SmtpSender : public Sender {
 public:
  explicit SmtpSender(SmtpConfig config);
  SendResult Send(const Outgoing& message) override;
  std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing&) override {
    return std::nullopt;
  }

 private:
  SendResult Refused(const Outgoing& message, CURLcode code);

  const SmtpConfig config_;
  const SmtpTls tls_;
  MailConversation conversation_;  // Before the handle, which speaks of it when it is closed.
  CurlHandle curl_;
};

struct SmsConfig {
  std::string url;  // Base URL of an API with the shape of Twilio's Messages resource.
  std::string account;
  Secret token;
  std::string from;  // The sender's number or name.
  // Where the provider calls back for this account, as it is reached from outside; empty: it does
  // not.
  std::string callback_url;
  bool own = false;  // An organisation's, whose failures are counted nowhere.
};

// The URL that the provider calls and signs: of a message, or (without one) of what comes in to an
// organisation's own account, or (without one, too) to the one that all share.
std::string CallbackUrl(const std::string& callback_url, const std::string& organisation_id,
                        const std::string& message_id);

// SMS by Twilio's Messages resource: POST …/Accounts/{account}/Messages.json. What is taken with a
// status of `failed`, `undelivered` or `canceled`, or with an error code, is refused:
// PROVIDER_REFUSED, with the provider's code where it gives one. What is the account's or the
// sender's to mend is counted and tried again, as with e-mail.
class SmsSender : public Sender {
 public:
  explicit SmsSender(SmsConfig config);
  SendResult Send(const Outgoing& message) override;
  std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing& message) override;

 private:
  // Asks the Messages resource, with `form` by POST; the answer's text is in answer_ then, and its
  // status is what is returned beside curl's own code.
  std::pair<CURLcode, long> Ask(const std::string& query, const std::string* form,
                                const std::string& key);

  const SmsConfig config_;
  const std::string resource_;
  CurlHandle curl_;
  std::string answer_;
};

}  // namespace gatehouse::notification
