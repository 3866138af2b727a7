#pragma once

#include <optional>
#include <string>

#include "services/common/service/service_config.h"
#include "services/common/text/networks.h"
#include "services/notification/senders/curl.h"

namespace gatehouse::notification {

struct Config {
  ServiceConfig service;
  std::string identity_address, cases_address;
  SmtpConfig smtp;               // GATEHOUSE_SMTP_{URL,FROM,CA_FILE}
  std::optional<SmsConfig> sms;  // GATEHOUSE_SMS_{URL,ACCOUNT,TOKEN,FROM}; none set: no SMS.
  Networks webhook_networks;     // GATEHOUSE_WEBHOOK_NETWORKS: internal ones that may be reached.
  std::string webhook_ca_file;   // GATEHOUSE_WEBHOOK_CA_FILE; empty: the system's.

  static Config Read(Environment& environment);
};

}  // namespace gatehouse::notification
