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
  const auto migrations = WithCommon(cases::kMigrations);
  if (const auto code = RunCommand(argc, argv, config, migrations)) return *code;

  ServiceBase base(std::move(config), identity, migrations.size());
  cases::PostgresStore store(base.postgres());
  cases::Handler handler(store);
  Server server("cases");
  handler.Register(server);
  return base.Run(server);
}
