#include "services/common/base/crypto.h"
#include "services/common/process/process.h"
#include "services/common/service/await_root_key.h"
#include "services/notification/config.h"
#include "services/notification/handler.h"
#include "services/notification/senders/curl.h"
#include "services/notification/sending.h"
#include "services/notification/store/message_queue.h"
#include "services/notification/store/postgres_store.h"
#include "services/notification/templates/html.h"
#include "services/notification/templates/store/postgres_templates.h"

namespace gatehouse::notification {
extern const std::vector<Migration> kMigrations;
namespace {

constexpr int kEmailThreads = 4, kSmsThreads = 8;

int Serve(Config config) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  ServiceBase base(std::move(config.service), config.identity_address,
                   WithCommon(kMigrations).size());
  PostgresStore store(base.postgres());
  std::map<std::string, LaneOptions> lanes;
  lanes[LaneOf(Channel::kEmail)] = SendingLane(store, Channel::kEmail, kEmailThreads, [&] {
    return std::make_unique<SmtpSender>(config.smtp);
  });
  if (config.sms.has_value()) {
    lanes[LaneOf(Channel::kSms)] = SendingLane(store, Channel::kSms, kSmsThreads, [&] {
      return std::make_unique<SmsSender>(*config.sms);
    });
  }
  Jobs jobs(base.postgres(), {.key = DeriveKey(base.root_key(), "messages"),
                              .lanes = std::move(lanes),
                              .report = ReportBacklog});
  MessageQueue queue(base.postgres(), jobs);
  Client identity(config.identity_address, base.tls());
  Outbox outbox(base.postgres(), {.key = DeriveKey(base.root_key(), "notification outbox"),
                                  .services = {{"identity", &identity}}});
  const TemplatesHandler::Rules rules(base.postgres(), outbox);
  PostgresTemplates stored_templates(base.postgres(), outbox);
  Templates templates(stored_templates, CheckHtml);
  Once once(base.postgres(), DeriveKey(base.root_key(), "notification once"));
  TemplatesHandler templates_handler(templates, stored_templates, rules, once);
  std::optional<std::string> sms_sender;
  if (config.sms.has_value()) sms_sender = config.sms->from;
  Handler handler(store, queue, templates, rules, std::move(sms_sender));
  Server server("notification");
  handler.Register(server);
  templates_handler.Register(server);
  return base.Run(server);
}

}  // namespace
}  // namespace gatehouse::notification

int main(int argc, char** argv) {
  using namespace gatehouse;
  StartProcess("notification", argc, argv);
  const auto migrations = WithCommon(notification::kMigrations);
  if (const auto code = RunMigration(argc, argv, "notification", migrations)) return *code;
  Environment environment;
  notification::Config config = notification::Config::Read(environment);
  if (const absl::Status status = environment.Status(); !status.ok()) return Fail(status);
  if (const auto code = RunCommand(argc, argv, config.service)) return *code;
  if (const auto code = AwaitRootKey(config.service)) return *code;
  return notification::Serve(std::move(config));
}
