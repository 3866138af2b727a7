#include "services/notification/config.h"

#include <unistd.h>

#include <map>

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

// `?tls=required`, `opportunistic` or `off` at the end of the URL, which is ours: curl gets the
// rest.
void ReadTls(Environment& environment, SmtpConfig& smtp) {
  constexpr char kName[] = "GATEHOUSE_SMTP_URL";
  const std::string url = smtp.url.Reveal();
  const size_t query = url.find('?');
  if (query == std::string::npos) return;
  smtp.url = Secret(url.substr(0, query));
  const std::map<std::string, SmtpTls> known = {{"?tls=required", SmtpTls::kRequired},
                                                {"?tls=opportunistic", SmtpTls::kOpportunistic},
                                                {"?tls=off", SmtpTls::kOff}};
  const auto found = known.find(url.substr(query));
  if (found == known.end()) {
    environment.Mistake(kName, "may end in ?tls=required, ?tls=opportunistic or ?tls=off");
  } else if (found->second != SmtpTls::kRequired && LeastTls(smtp.url) == SmtpTls::kRequired) {
    environment.Mistake(kName, "needs TLS, for smtps:// and for a password to another machine");
  } else {
    smtp.tls = found->second;
  }
}

void CheckFile(Environment& environment, const char* name, const std::string& file) {
  if (!file.empty() && access(file.c_str(), R_OK) != 0) {
    environment.Mistake(name, "cannot be read");
  }
}

std::string WithoutSlash(const std::string& url) {
  return url.substr(0, url.find_last_not_of('/') + 1);
}

void ReadSms(Environment& environment, std::vector<SmsConfig>& providers) {
  const auto back = environment.OptionalText("GATEHOUSE_SMS_CALLBACK_URL");
  CheckScheme(environment, "GATEHOUSE_SMS_CALLBACK_URL", back.value_or(""), "http");
  const auto add = [&](const char* name, SmsConfig one) {
    CheckScheme(environment, name, one.url, "http");
    if (back.has_value()) {
      one.callback_url = absl::StrCat(WithoutSlash(*back), "/v1/smsCallbacks/", one.account);
    }
    providers.push_back(std::move(one));
  };
  if (const auto url = environment.OptionalText("GATEHOUSE_SMS_URL")) {
    add("GATEHOUSE_SMS_URL", {.url = WithoutSlash(*url),
                              .account = environment.Text("GATEHOUSE_SMS_ACCOUNT"),
                              .token = environment.SecretValue("GATEHOUSE_SMS_TOKEN"),
                              .from = environment.Text("GATEHOUSE_SMS_FROM")});
  }
  const bool has_first = !providers.empty();
  if (const auto url = environment.OptionalText("GATEHOUSE_SMS_SECOND_URL")) {
    add("GATEHOUSE_SMS_SECOND_URL", {.url = WithoutSlash(*url),
                                     .account = environment.Text("GATEHOUSE_SMS_SECOND_ACCOUNT"),
                                     .token = environment.SecretValue("GATEHOUSE_SMS_SECOND_TOKEN"),
                                     .from = environment.Text("GATEHOUSE_SMS_SECOND_FROM")});
  }
  if (!has_first && !providers.empty()) {
    environment.Mistake("GATEHOUSE_SMS_SECOND_URL", "is the second provider: set the first one");
  }
}

Networks WebhookNetworks(Environment& environment) {
  Networks networks;
  for (const std::string& network : environment.List("GATEHOUSE_WEBHOOK_NETWORKS")) {
    if (!networks.Add(network)) {
      environment.Mistake("GATEHOUSE_WEBHOOK_NETWORKS", "must be addresses or CIDR blocks");
    }
  }
  return networks;
}

void AddRetentions(Environment& environment, std::vector<Retention>& retentions) {
  const auto days = [&](const char* setting, int fallback, int least = 1) {
    return absl::Hours(24) * environment.Number(setting, fallback, least, 3650);
  };
  const absl::Duration messages = days("GATEHOUSE_RETENTION_MESSAGE_DAYS", 400);
  retentions.push_back({"message", "state <> 1 AND create_time < $1", messages});
  retentions.push_back({"conversation_message", "create_time < $1", messages});
  for (const char* table : {"sms_inbound", "message_receipt"}) {
    retentions.push_back({table, "receive_time < $1", messages});
  }
  // A mailbox may be given to somebody again.
  retentions.push_back({"dead_mailbox", "refuse_time < $1", absl::Hours(24) * 90});
  retentions.push_back({"sandbox_message", "arrive_time < $1", absl::Hours(24) * 7});
  retentions.push_back({"event", "time < $1", days("GATEHOUSE_RETENTION_EVENT_DAYS", 90)});
  retentions.push_back({"webhook_delivery", "attempt_time < $1",
                        days("GATEHOUSE_RETENTION_WEBHOOK_DELIVERY_DAYS", 30, 4)});
  retentions.push_back(
      {"template", "deleted AND update_time < $1", days("GATEHOUSE_RETENTION_TEMPLATE_DAYS", 400)});
  // Long after its summary was sent, a job that is done again must not tell it again.
  retentions.push_back({"summary_entry", "create_time < $1", absl::Hours(24) * 30});
}

}  // namespace

Config Config::Read(Environment& environment) {
  Config config;
  config.service = ServiceConfig::Read(environment, "notification");
  AddRetentions(environment, config.service.retentions);
  config.identity_address = AddressOf(environment, "identity");
  config.cases_address = AddressOf(environment, "cases");
  config.smtp.url = environment.SecretValue("GATEHOUSE_SMTP_URL");
  config.smtp.from = environment.Text("GATEHOUSE_SMTP_FROM");
  CheckScheme(environment, "GATEHOUSE_SMTP_URL", config.smtp.url.Reveal(), "smtp");
  ReadTls(environment, config.smtp);
  config.smtp.ca_file = environment.OptionalText("GATEHOUSE_SMTP_CA_FILE").value_or("");
  CheckFile(environment, "GATEHOUSE_SMTP_CA_FILE", config.smtp.ca_file);
  config.webhook_networks = WebhookNetworks(environment);
  config.webhook_ca_file = environment.OptionalText("GATEHOUSE_WEBHOOK_CA_FILE").value_or("");
  CheckFile(environment, "GATEHOUSE_WEBHOOK_CA_FILE", config.webhook_ca_file);
  if (!config.smtp.from.empty() && !IsEmail(config.smtp.from)) {
    environment.Mistake("GATEHOUSE_SMTP_FROM", "must be an e-mail address");
  }
  ReadSms(environment, config.sms);
  // Two at least: one of them is for what somebody waits for.
  config.smtp_connections =
      static_cast<int>(environment.Number("GATEHOUSE_SMTP_CONNECTIONS", 50, 2, 500));
  config.sms_connections =
      static_cast<int>(environment.Number("GATEHOUSE_SMS_CONNECTIONS", 40, 2, 500));
  return config;
}

}  // namespace gatehouse::notification
