
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/log.h"
#include "services/notification/senders/curl.h"

namespace gatehouse::notification {
namespace {

using Headers = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;
using Mime = std::unique_ptr<curl_mime, decltype(&curl_mime_free)>;

// An RFC 2047 header value: as it is where it is ASCII, else base64 words of 75 characters at most,
// each with whole characters.
std::string Encoded(const std::string& text) {
  bool ascii = true;
  for (const unsigned char c : text) ascii = ascii && c < 0x80;
  if (ascii) return text;
  std::string words;
  for (size_t start = 0; start < text.size();) {
    size_t end = std::min(start + 42, text.size());
    while (end < text.size() && (text[end] & 0xc0) == 0x80) --end;
    absl::StrAppend(&words, words.empty() ? "" : "\r\n ", "=?UTF-8?B?",
                    absl::Base64Escape(text.substr(start, end - start)), "?=");
    start = end;
  }
  return words;
}

void Add(Headers& headers, const std::string& line) {
  headers.reset(curl_slist_append(headers.release(), line.c_str()));
}

SendResult Judge(CURLcode code, long reply) {
  if (code == CURLE_OK) return {Outcome::kSent, "", ""};
  // Authentication is the operator's to mend, not the recipient's fault.
  const bool refused = reply >= 500 && reply < 600 && reply != 530 && reply != 535;
  if (refused) return {Outcome::kRefused, "", "RECIPIENT_REFUSED"};
  LogWarning("smtp.failed", {{"curl", curl_easy_strerror(code)}, {"reply", absl::StrCat(reply)}});
  return {Outcome::kTryAgain, "", ""};
}

}  // namespace

CurlHandle NewCurl() {
  CurlHandle curl(curl_easy_init(), curl_easy_cleanup);
  return curl;
}

SmtpSender::SmtpSender(SmtpConfig config) : config_(std::move(config)), curl_(NewCurl()) {}

SendResult SmtpSender::Send(const Outgoing& message) {
  CURL* curl = curl_.get();
  curl_easy_reset(curl);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 5L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 15L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_URL, config_.url.Reveal().c_str());
  curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_TRY));
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, config_.from.c_str());
  Headers recipients(curl_slist_append(nullptr, message.recipient.c_str()), curl_slist_free_all);
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
  const std::string domain = config_.from.substr(config_.from.rfind('@') + 1);
  Headers headers(nullptr, curl_slist_free_all);
  Add(headers, absl::StrCat("From: ", config_.from));
  Add(headers, absl::StrCat("To: ", message.recipient));
  Add(headers, absl::StrCat("Subject: ", Encoded(message.subject)));
  Add(headers, absl::StrCat("Message-ID: <", message.message_id, "@", domain, ">"));
  Add(headers, absl::StrCat("Date: ", absl::FormatTime("%a, %d %b %Y %H:%M:%S +0000", absl::Now(),
                                                       absl::UTCTimeZone())));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  Mime mime(curl_mime_init(curl), curl_mime_free);
  curl_mimepart* part = curl_mime_addpart(mime.get());
  curl_mime_data(part, message.body.data(), message.body.size());
  curl_mime_type(part, "text/plain; charset=utf-8");
  curl_mime_encoder(part, "quoted-printable");
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime.get());
  const CURLcode code = curl_easy_perform(curl);
  long reply = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply);
  return Judge(code, reply);
}

}  // namespace gatehouse::notification
