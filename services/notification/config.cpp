#include "services/notification/config.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/text/address.h"

namespace gatehouse::notification {
namespace {

// `scheme` or its form over TLS; a setting that is missing was reported already.
void CheckScheme(Environment& environment, const char* name, const std::string& url,
                 const char* scheme) {
  const std::string plain = absl::StrCat(scheme, "://"), over_tls = absl::StrCat(scheme, "s://");
  if (url.empty() || absl::StartsWith(url, plain) || absl::StartsWith(url, over_tls)) return;
  environment.Mistake(name, absl::StrCat("must begin with ", plain, " or ", over_tls));
}

}  // namespace

Config Config::Read(Environment& environment) {
  Config config;
  config.service = ServiceConfig::Read(environment, "notification");
  config.identity_address = AddressOf(environment, "identity");
  config.smtp = {environment.SecretValue("GATEHOUSE_SMTP_URL"),
                 environment.Text("GATEHOUSE_SMTP_FROM")};
  CheckScheme(environment, "GATEHOUSE_SMTP_URL", config.smtp.url.Reveal(), "smtp");
  if (!config.smtp.from.empty() && !IsEmail(config.smtp.from)) {
    environment.Mistake("GATEHOUSE_SMTP_FROM", "must be an e-mail address");
  }
  if (const auto url = environment.OptionalText("GATEHOUSE_SMS_URL")) {
    CheckScheme(environment, "GATEHOUSE_SMS_URL", *url, "http");
    config.sms = SmsConfig{
        url->substr(0, url->find_last_not_of('/') + 1), environment.Text("GATEHOUSE_SMS_ACCOUNT"),
        environment.SecretValue("GATEHOUSE_SMS_TOKEN"), environment.Text("GATEHOUSE_SMS_FROM")};
  }
  return config;
}

}  // namespace gatehouse::notification
