#pragma once

#include <string>
#include <vector>

#include "services/common/service/service_config.h"
#include "services/common/text/networks.h"
#include "services/notification/senders/curl.h"

namespace gatehouse::notification {

struct Config {
  ServiceConfig service;
  std::string identity_address, cases_address;
  SmtpConfig smtp;  // GATEHOUSE_SMTP_{URL,FROM,CA_FILE}
  // Messages that are under way at once: GATEHOUSE_{SMTP,SMS}_CONNECTIONS.
  int smtp_connections = 0, sms_connections = 0;
  // GATEHOUSE_SMS_{URL,ACCOUNT,TOKEN,FROM}, and of whom to ask where that fails,
  // GATEHOUSE_SMS_SECOND_{…}; none set: no SMS.
  std::vector<SmsConfig> sms;
  Networks webhook_networks;    // GATEHOUSE_WEBHOOK_NETWORKS: internal ones that may be reached.
  std::string webhook_ca_file;  // GATEHOUSE_WEBHOOK_CA_FILE; empty: the system's.

  static Config Read(Environment& environment);
};

}  // namespace gatehouse::notification
