#include "services/cases/bulk/handler.h"
#include "services/cases/changes/handler.h"
#include "services/cases/contacts/handler.h"
#include "services/cases/drawing/handler.h"
#include "services/cases/erasures/erasing.h"
#include "services/cases/erasures/handler.h"
#include "services/cases/exports/handler.h"
#include "services/cases/factfind/case_facts.h"
#include "services/cases/factfind/flows_handler.h"
#include "services/cases/factfind/handler.h"
#include "services/cases/handler.h"
#include "services/cases/incidents/handler.h"
#include "services/cases/offers/handler.h"
#include "services/cases/pipelines/handler.h"
#include "services/cases/portal/handler.h"
#include "services/cases/retention.h"
#include "services/cases/search/handler.h"
#include "services/cases/store/postgres_store.h"
#include "services/cases/tasks/handler.h"
#include "services/cases/visits/handler.h"
#include "services/cases/visits/reminding.h"
#include "services/common/base/crypto.h"
#include "services/common/process/process.h"
#include "services/common/service/await_root_key.h"
#include "services/common/service/service_config.h"

namespace gatehouse::cases {
extern const std::vector<Migration> kMigrations;
}

namespace {

using namespace gatehouse;

// The mirror, as CRMs of a real size use it.
struct Mirroring {
  Mirroring(ServiceBase& base, Outbox& outbox, cases::CaseFacts& facts, cases::PlaceStore& places,
            Once& once)
      : bulk_places(base.postgres(), outbox, facts),
        bulk_store(base.postgres(), outbox, bulk_places),
        bulk(bulk_store, once),
        change_store(base.postgres()),
        changes(change_store, places),
        search_store(base.postgres()),
        search(search_store, places) {}
  void Register(Server& server) {
    bulk.Register(server);
    changes.Register(server);
    search.Register(server);
  }

  cases::BulkPlaces bulk_places;
  cases::BulkStore bulk_store;
  cases::BulkHandler bulk;
  cases::ChangeStore change_store;
  cases::ChangesHandler changes;
  cases::SearchStore search_store;
  cases::SearchHandler search;
};

// What all nouns of a case stand on.
struct Ground {
  ServiceBase& base;
  Outbox& outbox;
  cases::CaseFile& case_file;
  cases::PlaceStore& places;
  cases::PostgresStore& mirror;
  Settings<cases::PortalSettings>& settings;
  cases::TermsStore& terms;
  cases::FlowStore& flows;
  cases::FactFindStore& fact_finds;
  const cases::PortalGate& gate;
  Once& once;
};

// What staff ask of clients, and clients do.
struct Works {
  explicit Works(const Ground& ground)
      : clock(ground.base.clock()),
        offer_store(ground.base.postgres(), ground.outbox, ground.case_file, ground.places),
        offers({offer_store, ground.mirror, ground.gate, ground.once, clock}),
        visit_store(ground.base.postgres(), ground.outbox, ground.case_file),
        visits({visit_store, ground.mirror, ground.places, ground.gate, ground.once, clock}),
        reminding({ground.base.postgres(), ground.outbox, visit_store, ground.mirror,
                   ground.settings, clock}),
        drawing_store(ground.base.postgres(), ground.outbox, ground.case_file),
        drawings(drawing_store, ground.gate),
        tasks({ground.places, offer_store, visit_store, drawing_store, ground.fact_finds,
               ground.flows, ground.terms, ground.gate}),
        reminder_jobs(ground.base.postgres(),
                      {.key = DeriveKey(ground.base.root_key(), "cases outbox"),
                       .lanes = {{cases::kVisitLane, reminding.Work()}}}) {}
  void Register(Server& server) {
    offers.Register(server);
    visits.Register(server);
    drawings.Register(server);
    tasks.Register(server);
  }

  const Clock& clock;
  cases::OfferStore offer_store;
  cases::OffersHandler offers;
  cases::VisitStore visit_store;
  cases::VisitsHandler visits;
  cases::VisitReminding reminding;
  cases::DrawingStore drawing_store;
  cases::DrawingsHandler drawings;
  cases::TasksHandler tasks;
  const Jobs reminder_jobs;
};

void AddRetentions(Environment& environment, ServiceConfig& config) {
  for (Retention& retention : cases::DeletedCases(
           absl::Hours(24) *
           environment.Number("GATEHOUSE_RETENTION_DELETED_CASE_DAYS", 90, 1, 3650))) {
    config.retentions.push_back(std::move(retention));
  }
}

struct ForgettingSettings {
  explicit ForgettingSettings(Environment& environment)
      : documents(AddressOf(environment, "documents")),
        between_rounds(
            absl::Seconds(environment.Number("GATEHOUSE_ERASURE_ROUND_SECONDS", 60, 1, 3600))) {}
  const std::string documents;
  const absl::Duration between_rounds;
};

// Contacts that are to be forgotten, and the jobs of that, while it lives; or to be told what is
// known of them.
struct Forgetting {
  struct Others {
    Client &invitation, &identity, &documents, &notification;
  };
  Forgetting(ServiceBase& base, Outbox& outbox, Once& once, const Others& others,
             const ForgettingSettings& settings)
      : store(base.postgres(), outbox,
              SealedTraces({.job_keys = {DeriveKey(base.root_key(), "cases outbox")},
                            .once_key = DeriveKey(base.root_key(), "once"),
                            .spared_lanes = {cases::kErasureLane}})),
        services({others.invitation, others.identity, others.documents, others.notification}),
        erasing(store, services, settings.between_rounds),
        handler(store, once),
        export_store(base.postgres()),
        export_handler(export_store),
        jobs(base.postgres(), {.key = DeriveKey(base.root_key(), "cases outbox"),
                               .lanes = {{cases::kErasureLane, erasing.Lane()}}}) {}
  void Register(Server& server) {
    handler.Register(server);
    export_handler.Register(server);
  }

  cases::ErasureStore store;
  cases::ErasureClients services;
  cases::ContactErasing erasing;
  cases::ErasuresHandler handler;
  cases::ExportStore export_store;
  cases::ExportHandler export_handler;
  const Jobs jobs;
};

}  // namespace

int main(int argc, char** argv) {
  using namespace gatehouse;
  StartProcess("cases", argc, argv);
  const auto migrations = WithCommon(cases::kMigrations);
  if (const auto code = RunMigration(argc, argv, "cases", migrations)) return *code;
  Environment environment;
  ServiceConfig config = ServiceConfig::Read(environment, "cases");
  AddRetentions(environment, config);
  const std::string identity = AddressOf(environment, "identity");
  const std::string invitation = AddressOf(environment, "invitation");
  const std::string notification = AddressOf(environment, "notification");
  const ForgettingSettings forgetting_settings(environment);
  if (const absl::Status status = environment.Status(); !status.ok()) return Fail(status);
  if (const auto code = RunCommand(argc, argv, config)) return *code;
  if (const auto code = AwaitRootKey(config)) return *code;

  ServiceBase base(std::move(config), identity, migrations.size());
  Client identities(identity, base.tls());
  Client invitations(invitation, base.tls());
  Client documents(forgetting_settings.documents, base.tls());
  Client notifications(notification, base.tls());
  Outbox outbox(base.postgres(), {.key = DeriveKey(base.root_key(), "cases outbox"),
                                  .services = {{"identity", &identities},
                                               {"invitation", &invitations},
                                               {"documents", &documents},
                                               {"notification", &notifications}}});
  Once once(base.postgres(), DeriveKey(base.root_key(), "once"));
  cases::CaseFile case_file(base.postgres());
  cases::DefinitionStore definitions(base.postgres());
  cases::FlowStore flow_store(base.postgres());
  cases::FactFindStore fact_find_store(base.postgres(), outbox, case_file);
  cases::FactFindFacts facts(flow_store, fact_find_store);
  cases::PlaceStore places(base.postgres(), outbox, case_file, facts);
  cases::PostgresStore store(base.postgres(), outbox, places);
  Settings<cases::PortalSettings> portal_settings(base.postgres(), outbox);
  const cases::PortalGate gate(portal_settings);
  cases::TermsStore terms(base.postgres(), outbox);
  cases::Handler handler(store, places, gate, once);
  Mirroring mirroring(base, outbox, facts, places, once);
  cases::PipelinesHandler pipelines({definitions, places, case_file, facts, gate, once});
  cases::ContactStore contact_store(base.postgres(), outbox, store, case_file);
  cases::ContactsHandler contacts(contact_store, case_file, gate, once);
  Settings<cases::IncidentSettings> incident_settings(base.postgres(), outbox);
  cases::IncidentStore incident_store(base.postgres(), outbox, case_file);
  cases::IncidentsHandler incidents(incident_settings, incident_store, gate, once);
  cases::PortalStore portals(base.postgres(), outbox, portal_settings);
  cases::UploadLimitsStore limits(base.postgres(), outbox);
  cases::PortalHandler portal({portal_settings, portals, terms, limits, store, places, once});
  cases::FlowsHandler flows(flow_store);
  cases::FactFindsHandler fact_finds({flow_store, fact_find_store, store, places, gate, once});
  Works works({base, outbox, case_file, places, store, portal_settings, terms, flow_store,
               fact_find_store, gate, once});
  Forgetting forgetting(base, outbox, once, {invitations, identities, documents, notifications},
                        forgetting_settings);
  Server server("cases");
  handler.Register(server);
  mirroring.Register(server);
  pipelines.Register(server);
  portal.Register(server);
  contacts.Register(server);
  incidents.Register(server);
  flows.Register(server);
  fact_finds.Register(server);
  works.Register(server);
  forgetting.Register(server);
  return base.Run(server, nullptr, [&](absl::Time) { return portals.TellOld(); });
}
