#include "services/notification/relays/own_accounts.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace gatehouse::notification {
namespace {

std::string Escaped(const std::string& text) {
  char* escaped = curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size()));
  const std::string copy = escaped == nullptr ? "" : escaped;
  curl_free(escaped);
  return copy;
}

// scheme://host:port → scheme://user:password@host:port
Secret WithUser(const RelayAccount& account) {
  if (account.user.empty()) return Secret(account.url);
  const size_t host = account.url.find("//") + 2;
  return Secret(absl::StrCat(account.url.substr(0, host), Escaped(account.user), ":",
                             Escaped(account.secret.Reveal()), "@", account.url.substr(host)));
}

}  // namespace

SmsConfig OwnAccount(const SmsConfig& house, const RelayAccount& account) {
  SmsConfig own = {.url = house.url,
                   .account = account.user,
                   .token = account.secret,
                   .from = account.from,
                   .own = true};
  const size_t end = house.callback_url.rfind('/');
  if (end != std::string::npos) {
    own.callback_url = absl::StrCat(house.callback_url.substr(0, end + 1), account.user);
  }
  return own;
}

SmtpConfig OwnServer(const RelayAccount& account, const WebhookTargets& targets,
                     const std::string& ca_file) {
  const Secret url = WithUser(account);
  const bool inside = targets.AllowsSome();
  return {.url = url,
          .from = account.from,
          .tls = inside ? LeastTls(url) : SmtpTls::kRequired,
          .ca_file = ca_file,
          .targets = &targets};
}

}  // namespace gatehouse::notification
