#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"
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
                 {absl::StrCat("From: ", MailboxHeader(message.from_name, from)),
                  absl::StrCat("To: ", message.recipient.text()),
                  absl::StrCat("Subject: ", EncodedHeader(message.text.subject)),
                  absl::StrCat("Message-ID: <", message.message_id, "@", domain, ">"),
                  absl::StrCat("Date: ", date), "Auto-Submitted: auto-generated"});
  return ListOf(headers);
}

void AddPart(curl_mime* mime, const char* type, const std::string& text) {
  curl_mimepart* part = curl_mime_addpart(mime);
  const std::string lines = absl::StrReplaceAll(text, {{"\r\n", "\r\n"}, {"\n", "\r\n"}});
  curl_mime_data(part, lines.data(), lines.size());
  curl_mime_type(part, type);
  curl_mime_encoder(part, "quoted-printable");
}

void Attach(curl_mime* mime, const Attachment& attachment) {
  curl_mimepart* part = curl_mime_addpart(mime);
  curl_mime_data(part, attachment.data.data(), attachment.data.size());
  curl_mime_type(part, attachment.content_type.c_str());
  curl_mime_filename(part, attachment.name.c_str());
  curl_mime_encoder(part, "base64");
}

// The plain text; where there is HTML the two of them, of which readers show the last they can. An
// attachment comes after that.
Mime BodyOf(CURL* curl, const Text& text) {
  Mime mime(curl_mime_init(curl), curl_mime_free);
  curl_mime* parts = mime.get();
  if (!text.html.empty()) {
    parts = curl_mime_init(curl);
    curl_mimepart* both = curl_mime_addpart(mime.get());
    curl_mime_subparts(both, parts);  // Which owns them now.
    curl_mime_type(both, "multipart/alternative");
  }
  AddPart(parts, "text/plain; charset=utf-8", text.body);
  if (!text.html.empty()) AddPart(parts, "text/html; charset=utf-8", text.html);
  if (!text.attachment.data.empty()) Attach(mime.get(), text.attachment);
  return mime;
}

std::string PartOf(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  curl_url_get(url, part, &text, CURLU_URLDECODE);
  const std::string copy = text == nullptr ? "" : text;
  curl_free(text);
  return copy;
}

long UseTls(SmtpTls tls) {
  switch (tls) {
    case SmtpTls::kOff:
      return CURLUSESSL_NONE;
    case SmtpTls::kOpportunistic:
      return CURLUSESSL_TRY;
    case SmtpTls::kRequired:
      return CURLUSESSL_ALL;
  }
  return CURLUSESSL_ALL;
}

// For curl, which tells what it sends and what it hears.
int Follow(CURL*, curl_infotype type, char* data, size_t size, void* to) {
  auto& conversation = *static_cast<MailConversation*>(to);
  if (type == CURLINFO_HEADER_OUT) conversation.Sent({data, size});
  if (type == CURLINFO_HEADER_IN) conversation.Received({data, size});
  return 0;
}

bool IsAboutTls(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR ||
         code == CURLE_USE_SSL_FAILED || code == CURLE_SSL_CACERT_BADFILE;
}

bool IsAscii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

}  // namespace

SmtpTls LeastTls(const Secret& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), curl_url_cleanup);
  curl_url_set(parsed.get(), CURLUPART_URL, url.Reveal().c_str(), CURLU_NON_SUPPORT_SCHEME);
  const std::string host = PartOf(parsed.get(), CURLUPART_HOST);
  const bool local = host == "localhost" || host == "[::1]" || absl::StartsWith(host, "127.");
  const bool secret = !PartOf(parsed.get(), CURLUPART_PASSWORD).empty();
  const bool by_tls = PartOf(parsed.get(), CURLUPART_SCHEME) == "smtps";
  return by_tls || (secret && !local) ? SmtpTls::kRequired : SmtpTls::kOpportunistic;
}

SmtpSender::SmtpSender(SmtpConfig config)
    : config_(std::move(config)),
      tls_(config_.tls.value_or(LeastTls(config_.url))),
      curl_(NewCurl()) {}

SendResult SmtpSender::Send(const Outgoing& message) {
  CURL* curl = curl_.get();
  Prepare(curl, config_.url.Reveal(), "smtp,smtps");
  if (config_.targets != nullptr) ConfineTo(curl, *config_.targets);
  curl_easy_setopt(curl, CURLOPT_USE_SSL, UseTls(tls_));
  if (!config_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, config_.ca_file.c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, config_.from.c_str());
  const CurlList recipients = ListOf({message.recipient.text()});
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
  const CurlList headers = HeadersOf(message, config_.from);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  const Mime body = BodyOf(curl, message.text);
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, body.get());
  curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);  // To Follow() alone.
  curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, Follow);
  curl_easy_setopt(curl, CURLOPT_DEBUGDATA, &conversation_);
  conversation_.Begin();
  const CURLcode code = curl_easy_perform(curl);
  if (code == CURLE_OK) return {Outcome::kSent, "", "", {}};
  return Refused(message, code);
}

SendResult SmtpSender::Refused(const Outgoing& message, CURLcode code) {
  const std::string& recipient = message.recipient.text();
  const bool beyond = !IsAscii(recipient.substr(0, recipient.rfind('@'))) &&
                      !conversation_.offers_smtputf8() && conversation_.command() == "rcpt" &&
                      conversation_.reply() / 100 == 5;
  const bool for_good = beyond || conversation_.IsForGood();
  const std::string command = IsAboutTls(code) ? "tls" : conversation_.command();
  const int reply = IsAboutTls(code) ? 0 : conversation_.reply();
  // What a server says to a recipient may be about him, and is nothing for a log.
  LogWarning("smtp.failed", {{"message", message.message_id},
                             {"curl", curl_easy_strerror(code)},
                             {"command", command},
                             {"reply", absl::StrCat(reply)},
                             {"said", for_good ? "" : conversation_.Said()}});
  const std::string detail = IsAboutTls(code) ? "TLS"
                             : reply == 0     ? "UNREACHABLE"
                                              : absl::StrCat(command, " ", reply);
  if (for_good) {
    return {.outcome = Outcome::kRefused,
            .failure = beyond ? "RECIPIENT_NEEDS_SMTPUTF8" : "RECIPIENT_REFUSED",
            .recipient_is_dead = !beyond && command == "rcpt"};
  }
  if (config_.targets == nullptr && (IsAboutTls(code) || reply / 100 == 5)) {
    Count("gatehouse_relay_refusals_total",
          {{"command", command}, {"reply", reply == 0 ? "none" : absl::StrCat(reply)}});
  }
  // What is said of a recipient or a text for now, such as by a greylist, says nothing of others.
  const bool own = reply / 100 == 4 && (command == "rcpt" || command == "text");
  return {.outcome = Outcome::kTryAgain, .away = !own, .detail = detail};
}

}  // namespace gatehouse::notification
