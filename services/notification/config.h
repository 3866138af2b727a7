#pragma once

#include <optional>
#include <string>

#include "services/common/service/service_config.h"
#include "services/notification/senders/curl.h"

namespace gatehouse::notification {

struct Config {
  ServiceConfig service;
  std::string identity_address, cases_address;
  SmtpConfig smtp;               // GATEHOUSE_SMTP_{URL,FROM,CA_FILE}
  std::optional<SmsConfig> sms;  // GATEHOUSE_SMS_{URL,ACCOUNT,TOKEN,FROM}; none set: no SMS.

  static Config Read(Environment& environment);
};

}  // namespace gatehouse::notification
