#include "services/notification/config.h"

#include "services/common/address.h"

namespace gatehouse::notification {

Config Config::Read(Environment& environment) {
  Config config;
  config.service = ServiceConfig::Read(environment, "notification");
  config.identity_address = AddressOf(environment, "identity");
  config.smtp = {environment.SecretValue("GATEHOUSE_SMTP_URL"),
                 environment.Text("GATEHOUSE_SMTP_FROM")};
  if (!config.smtp.from.empty() && !IsEmail(config.smtp.from)) {
    environment.Mistake("GATEHOUSE_SMTP_FROM", "must be an e-mail address");
  }
  if (const auto url = environment.OptionalText("GATEHOUSE_SMS_URL")) {
    config.sms = SmsConfig{*url, environment.Text("GATEHOUSE_SMS_ACCOUNT"),
                           environment.SecretValue("GATEHOUSE_SMS_TOKEN"),
                           environment.Text("GATEHOUSE_SMS_FROM")};
  }
  return config;
}

}  // namespace gatehouse::notification
