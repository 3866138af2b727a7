#include "services/common/base/crypto.h"
#include "services/common/jobs/outbox.h"
#include "services/common/process/process.h"
#include "services/common/service/await_root_key.h"
#include "services/common/service/service_config.h"
#include "services/invitation/entrances_handler.h"
#include "services/invitation/erasure/handler.h"
#include "services/invitation/expiry_job.h"
#include "services/invitation/exports/handler.h"
#include "services/invitation/invitations_handler.h"
#include "services/invitation/passkeys_handler.h"
#include "services/invitation/passwords_handler.h"
#include "services/invitation/portals_handler.h"
#include "services/invitation/recovery_handler.h"
#include "services/invitation/services_directory.h"
#include "services/invitation/sign_in_handler.h"
#include "services/invitation/store/postgres_store.h"

namespace gatehouse::invitation {
extern const std::vector<Migration> kMigrations;
namespace {

struct Addresses {
  std::string identity, cases, notification, documents;
};

int Serve(ServiceConfig config, const Addresses& addresses) {
  ServiceBase base(std::move(config), addresses.identity, WithCommon(kMigrations).size());
  const Clock& clock = base.clock();
  Client identity(addresses.identity, base.tls());
  Client cases(addresses.cases, base.tls());
  Client notification(addresses.notification, base.tls());
  Client documents(addresses.documents, base.tls());
  Outbox outbox(
      base.postgres(),
      {.key = DeriveKey(base.root_key(), "invitation outbox"),
       .services = {{"identity", &identity}, {"cases", &cases}, {"notification", &notification}}});
  Settings<Policy> policies(base.postgres(), outbox);
  PostgresStore store(base.postgres(), outbox, policies);
  const Jobs expiry(base.postgres(), {.key = DeriveKey(base.root_key(), "invitation outbox"),
                                      .lanes = {{kExpiryLane, ExpiryWork(store, clock)}}});
  ServicesDirectory directory(identity, cases, notification, documents);
  Invitations invitations(store, directory, DeriveKey(base.root_key(), "links"), clock);
  SignIn sign_in(store, directory, invitations, clock);
  Once once(base.postgres(), DeriveKey(base.root_key(), "once"));
  InvitationsHandler invitations_handler(invitations, policies, store, directory, once, clock);
  SignInHandler sign_in_handler(sign_in);
  PasswordSignIn password_sign_in(store, directory, invitations, clock);
  PasswordsHandler passwords_handler(password_sign_in);
  PasskeySignIn passkey_sign_in(store, directory, invitations, clock);
  PasskeysHandler passkeys_handler(passkey_sign_in);
  RecoveryHandler recovery_handler(sign_in, invitations, invitations_handler);
  PortalsHandler portals_handler(store);
  Entrances entrances(store, directory);
  EntrancesHandler entrances_handler(entrances);
  ErasureStore erasure_store(
      base.postgres(), SealedTraces({.job_keys = {DeriveKey(base.root_key(), "invitation outbox")},
                                     .once_key = DeriveKey(base.root_key(), "once"),
                                     .spared_lanes = {}}));
  ErasureHandler erasure_handler(erasure_store, once);
  Server server("invitation");
  invitations_handler.Register(server);
  sign_in_handler.Register(server);
  passwords_handler.Register(server);
  passkeys_handler.Register(server);
  recovery_handler.Register(server);
  portals_handler.Register(server);
  entrances_handler.Register(server);
  erasure_handler.Register(server);
  ExportHandler exports(base.postgres());
  exports.Register(server);
  return base.Run(server);
}

}  // namespace
}  // namespace gatehouse::invitation

int main(int argc, char** argv) {
  using namespace gatehouse;
  StartProcess("invitation", argc, argv);
  const auto migrations = WithCommon(invitation::kMigrations);
  if (const auto code = RunMigration(argc, argv, "invitation", migrations)) return *code;
  Environment environment;
  ServiceConfig config = ServiceConfig::Read(environment, "invitation");
  const invitation::Addresses addresses = {
      AddressOf(environment, "identity"), AddressOf(environment, "cases"),
      AddressOf(environment, "notification"), AddressOf(environment, "documents")};
  if (const absl::Status status = environment.Status(); !status.ok()) return Fail(status);
  if (const auto code = RunCommand(argc, argv, config)) return *code;
  if (const auto code = AwaitRootKey(config)) return *code;
  return invitation::Serve(std::move(config), addresses);
}
