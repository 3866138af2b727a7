#include "services/common/base/crypto.h"
#include "services/common/process/process.h"
#include "services/common/service/await_root_key.h"
#include "services/notification/config.h"
#include "services/notification/handler.h"
#include "services/notification/senders/curl.h"
#include "services/notification/store/postgres_store.h"

namespace gatehouse::notification {
extern const std::vector<Migration> kMigrations;
namespace {

constexpr int kEmailThreads = 4, kSmsThreads = 8;

int Serve(Config config) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  ServiceBase base(std::move(config.service), config.identity_address,
                   WithCommon(kMigrations).size());
  PostgresStore store(base.postgres(), DeriveKey(base.root_key(), "messages"));
  Workers email(store, Channel::kEmail, kEmailThreads,
                [&] { return std::make_unique<SmtpSender>(config.smtp); });
  std::unique_ptr<Workers> sms;
  if (config.sms.has_value()) {
    sms = std::make_unique<Workers>(store, Channel::kSms, kSmsThreads,
                                    [&] { return std::make_unique<SmsSender>(*config.sms); });
  }
  Handler handler(store, email, sms.get(), config.sms.has_value() ? config.sms->from : "");
  Server server("notification");
  handler.Register(server);
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
