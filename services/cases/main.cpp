#include "services/cases/handler.h"
#include "services/common/process/process.h"
#include "services/common/service/service_config.h"

namespace gatehouse::cases {
extern const std::vector<Migration> kMigrations;
}

int main(int argc, char** argv) {
  using namespace gatehouse;
  StartProcess("cases", argc, argv);
  Environment environment;
  ServiceConfig config = ServiceConfig::Read(environment, "cases");
  const std::string identity = AddressOf(environment, "identity");
  if (const absl::Status status = environment.Status(); !status.ok()) return Fail(status);
  if (const auto code = RunCommand(argc, argv, config, cases::kMigrations)) return *code;

  ServiceBase base(std::move(config), identity, cases::kMigrations.size());
  cases::PostgresStore store(base.postgres());
  cases::Handler handler(store);
  Server server("cases");
  handler.Register(server);
  return base.Run(server);
}
