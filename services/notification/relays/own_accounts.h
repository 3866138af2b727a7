#pragma once

#include "services/notification/relays/domain/relay.h"
#include "services/notification/senders/curl.h"

namespace gatehouse::notification {

// An organisation's account at the provider of `house`, which calls back for both.
SmsConfig OwnAccount(const SmsConfig& house, const RelayAccount& account);

// An organisation's mail server, which is reached by TLS, and only where `targets` let it. To
// networks that they let be reached without it, TLS is as the server offers it.
SmtpConfig OwnServer(const RelayAccount& account, const WebhookTargets& targets,
                     const std::string& ca_file);

}  // namespace gatehouse::notification
