#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "services/common/observe/log.h"
#include "services/notification/senders/curl.h"
#include "services/notification/senders/header.h"

namespace gatehouse::notification {
namespace {

using Mime = std::unique_ptr<curl_mime, decltype(&curl_mime_free)>;

CurlList HeadersOf(const Outgoing& message, const std::string& from) {
  const std::string date =
      absl::FormatTime("%a, %d %b %Y %H:%M:%S +0000", absl::Now(), absl::UTCTimeZone());
  const std::string domain = from.substr(from.rfind('@') + 1);
  std::vector<std::string> headers = TraceHeader();
  headers.insert(headers.end(),
                 {absl::StrCat("From: ", from), absl::StrCat("To: ", message.recipient.text()),
                  absl::StrCat("Subject: ", EncodedHeader(message.text.subject)),
                  absl::StrCat("Message-ID: <", message.message_id, "@", domain, ">"),
                  absl::StrCat("Date: ", date), "Auto-Submitted: auto-generated"});
  return ListOf(headers);
}

Mime BodyOf(CURL* curl, const std::string& text) {
  Mime mime(curl_mime_init(curl), curl_mime_free);
  curl_mimepart* part = curl_mime_addpart(mime.get());
  const std::string lines = absl::StrReplaceAll(text, {{"\r\n", "\r\n"}, {"\n", "\r\n"}});
  curl_mime_data(part, lines.data(), lines.size());
  curl_mime_type(part, "text/plain; charset=utf-8");
  curl_mime_encoder(part, "quoted-printable");
  return mime;
}

std::string PartOf(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  curl_url_get(url, part, &text, CURLU_URLDECODE);
  const std::string copy = text == nullptr ? "" : text;
  curl_free(text);
  return copy;
}

// TLS where the server offers it; a password leaves this machine by no other way.
long UseTls(const Secret& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), curl_url_cleanup);
  curl_url_set(parsed.get(), CURLUPART_URL, url.Reveal().c_str(), CURLU_NON_SUPPORT_SCHEME);
  const std::string host = PartOf(parsed.get(), CURLUPART_HOST);
  const bool local = host == "localhost" || host == "[::1]" || absl::StartsWith(host, "127.");
  const bool secret = !PartOf(parsed.get(), CURLUPART_PASSWORD).empty();
  return secret && !local ? CURLUSESSL_ALL : CURLUSESSL_TRY;
}

// A 5xx answer to the address or to the text is for good. One to the greeting or to the log-in, or
// that asks for a log-in (530), is the operator's to mend.
bool IsForGood(CURLcode code, long reply, curl_off_t uploaded) {
  if (reply < 500 || reply > 599 || reply == 530) return false;
  return code == CURLE_SEND_ERROR || (code == CURLE_WEIRD_SERVER_REPLY && uploaded > 0);
}

}  // namespace

SmtpSender::SmtpSender(SmtpConfig config)
    : config_(std::move(config)), use_tls_(UseTls(config_.url)), curl_(NewCurl()) {}

SendResult SmtpSender::Send(const Outgoing& message) {
  CURL* curl = curl_.get();
  Prepare(curl, config_.url.Reveal(), "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_USE_SSL, use_tls_);
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, config_.from.c_str());
  const CurlList recipients = ListOf({message.recipient.text()});
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
  const CurlList headers = HeadersOf(message, config_.from);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  const Mime body = BodyOf(curl, message.text.body);
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, body.get());
  const CURLcode code = curl_easy_perform(curl);
  if (code == CURLE_OK) return {Outcome::kSent, "", ""};
  long reply = 0;
  curl_off_t uploaded = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply);
  curl_easy_getinfo(curl, CURLINFO_SIZE_UPLOAD_T, &uploaded);
  LogWarning("smtp.failed", {{"message", message.message_id},
                             {"curl", curl_easy_strerror(code)},
                             {"reply", absl::StrCat(reply)}});
  if (IsForGood(code, reply, uploaded)) return {Outcome::kRefused, "", "RECIPIENT_REFUSED"};
  return {Outcome::kTryAgain, "", ""};
}

}  // namespace gatehouse::notification
