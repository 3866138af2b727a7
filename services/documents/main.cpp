#include "services/common/base/crypto.h"
#include "services/common/jobs/outbox.h"
#include "services/common/jobs/sweeper.h"
#include "services/common/postgres/once.h"
#include "services/common/postgres/root_key.h"
#include "services/common/process/process.h"
#include "services/common/service/await_root_key.h"
#include "services/common/service/service_config.h"
#include "services/documents/blobs/blob_settings.h"
#include "services/documents/blobs/collecting.h"
#include "services/documents/blobs/init_store.h"
#include "services/documents/blobs/move_blobs.h"
#include "services/documents/blobs/seal_store.h"
#include "services/documents/blobs/store/postgres_keys.h"
#include "services/documents/blobs/store/sealed_blobs.h"
#include "services/documents/erasure/handler.h"
#include "services/documents/exports/handler.h"
#include "services/documents/identity_choices.h"
#include "services/documents/identity_organisations.h"
#include "services/documents/identity_readers.h"
#include "services/documents/mirrored_cases.h"
#include "services/documents/previews/previews.h"
#include "services/documents/requests/domain/chosen_requests.h"
#include "services/documents/requests/reminder_job.h"
#include "services/documents/requests/store/postgres_reminders.h"
#include "services/documents/requests/store/postgres_requests.h"
#include "services/documents/requests/store/postgres_templates.h"
#include "services/documents/resumable/store/postgres_uploads.h"
#include "services/documents/rpcs.h"
#include "services/documents/scanning/clamd.h"
#include "services/documents/scanning/rescan_job.h"
#include "services/documents/scanning/scan_job.h"
#include "services/documents/scanning/store/postgres_rescans.h"
#include "services/documents/settings/stored_rules.h"
#include "services/documents/signing/identity_codes.h"
#include "services/documents/signing/seal_job.h"
#include "services/documents/signing/sealer_process.h"
#include "services/documents/signing/signature_job.h"
#include "services/documents/signing/store/postgres_signatures.h"
#include "services/documents/uploads/magic_sniffer.h"
#include "services/documents/uploads/store/postgres_documents.h"

namespace gatehouse::documents {
extern const std::vector<Migration> kMigrations;
namespace {

struct Config {
  ServiceConfig service;
  std::string identity_address, cases_address, notification_address, invitation_address;
  BlobSettings blobs;
  absl::Duration exports_kept;        // GATEHOUSE_RETENTION_EXPORT_DAYS
  std::optional<ClamdAddress> clamd;  // GATEHOUSE_CLAMD_URL
  ScanLimits scan_limits;
  std::string previewer;              // GATEHOUSE_PREVIEWER; empty: no previews are made.
  std::string sealer;                 // GATEHOUSE_SEALER; empty: nothing is sealed.
  std::unique_ptr<SealKey> seal_key;  // GATEHOUSE_SEAL_KEY and GATEHOUSE_SEAL_CERTIFICATE

  static Config Read(Environment& environment) {
    Config config = {ServiceConfig::Read(environment, "documents"),
                     AddressOf(environment, "identity"),
                     AddressOf(environment, "cases"),
                     AddressOf(environment, "notification"),
                     AddressOf(environment, "invitation"),
                     BlobSettings::Read(environment)};
    if (const auto clamd_url = environment.OptionalText("GATEHOUSE_CLAMD_URL")) {
      const auto address = ClamdAddress::Parse(*clamd_url);
      if (address.ok()) config.clamd = *address;
      if (!address.ok()) {
        environment.Mistake("GATEHOUSE_CLAMD_URL", std::string(address.status().message()));
      }
    }
    // Uploads that ended or were forgotten; for as long where they stand can be asked.
    config.service.retentions.push_back({"upload", "expire_time < $1", absl::Hours(24)});
    for (Retention& retention :
         RemovedCases(absl::Hours(24) *
                      environment.Number("GATEHOUSE_RETENTION_DELETED_CASE_DAYS", 90, 1, 3650))) {
      config.service.retentions.push_back(std::move(retention));
    }
    config.exports_kept =
        absl::Hours(24) * environment.Number("GATEHOUSE_RETENTION_EXPORT_DAYS", 7, 1, 31);
    config.service.retentions.push_back(
        {"contact_export", "expire_time < $1", absl::ZeroDuration()});
    config.scan_limits.max_file_bytes = environment.Number(
        "GATEHOUSE_CLAMD_MAX_FILE_BYTES", ScanLimits().max_file_bytes, 1, int64_t{4} << 30);
    config.previewer = environment.OptionalText("GATEHOUSE_PREVIEWER").value_or("");
    config.ReadSealing(environment);
    return config;
  }

  void ReadSealing(Environment& environment) {
    if (const auto program = environment.OptionalText("GATEHOUSE_SEALER")) {
      sealer = *program;
      const Secret key = environment.SecretValue("GATEHOUSE_SEAL_KEY");
      auto read = SealKey::Read(key, environment.Text("GATEHOUSE_SEAL_CERTIFICATE"));
      if (read.ok()) {
        seal_key = *std::move(read);
      } else {
        environment.Mistake("GATEHOUSE_SEAL_KEY", std::string(read.status().message()));
      }
      if (seal_key != nullptr) ReadTimeStamps(environment);
    }
  }

  void ReadTimeStamps(Environment& environment) {
    if (const auto url = environment.OptionalText("GATEHOUSE_TIMESTAMP_URL")) {
      auto authority =
          TimeStampAuthority::Of(*url, environment.Text("GATEHOUSE_TIMESTAMP_CERTIFICATE"));
      if (authority.ok()) {
        seal_key->StampBy(*std::move(authority));
      } else {
        environment.Mistake("GATEHOUSE_TIMESTAMP_URL", std::string(authority.status().message()));
      }
    }
  }
};

// Has documents scanned while it lives.
struct ScanningJobs {
  ScanningJobs(const ClamdAddress& address, ScanLimits limits, ServiceBase& base,
               DocumentStore& documents, BlobStore& blobs, Outbox& outbox)
      : clamd(address),
        scanning(documents, blobs, clamd, limits),
        jobs(base.postgres(), {.key = DeriveKey(base.root_key(), "documents outbox"),
                               .lanes = {{kScanLane, ScanningLane(scanning, workers)}},
                               .report = ReportScans}),
        rescans(base.postgres(), outbox),
        rescanning(rescans, scanning, clamd, base.clock()),
        rescan_jobs(base.postgres(), {.key = DeriveKey(base.root_key(), "documents outbox"),
                                      .lanes = {{kRescanLane, RescanLane(rescanning, again)}},
                                      .report = ReportRescans}),
        looking(base.postgres(), {}, base.clock(),
                [this](absl::Time) { return rescanning.Look(); }) {
    looking.Start();
  }
  Clamd clamd;
  Scanning scanning;
  WorkerPool workers{"scans", kScansAtOnce, kScansAtOnce};
  const Jobs jobs;
  PostgresRescans rescans;
  Rescanning rescanning;
  WorkerPool again{"rescans", 1, 1};
  const Jobs rescan_jobs;
  Sweeper looking;  // Once an hour, whether there are new signatures.
};

// Reminds of what is asked of clients while it lives.
struct RemindingJobs {
  RemindingJobs(ServiceBase& base, RequestEffects& effects, Client& identity,
                RequestStore& requests, DocumentStore& documents, RulesStore& rules,
                CaseDirectory& cases, OrganisationDirectory& organisations)
      : store(base.postgres(), effects),
        readers(identity),
        reminding({store, requests, documents, rules, cases, organisations, readers, base.clock()}),
        jobs(base.postgres(), {.key = DeriveKey(base.root_key(), "documents outbox"),
                               .lanes = {{kReminderLane, ReminderWork(reminding)}}}) {}
  PostgresReminders store;
  IdentityReaders readers;
  Reminding reminding;
  const Jobs jobs;
};

// Documents that are signed, and the jobs of that, while it lives.
struct Signing {
  Signing(ServiceBase& base, Outbox& outbox, Client& identity, DocumentStore& documents,
          BlobStore& blobs, RulesStore& rules, CaseDirectory& cases,
          OrganisationDirectory& organisations, Once& once, Sealer* sealer)
      : effects(outbox, sealer != nullptr),
        store(base.postgres(), effects),
        codes(identity),
        signatures(
            {store, documents, blobs, rules, cases, organisations, codes, base.clock(), sealer}),
        jobs(base.postgres(), {.key = DeriveKey(base.root_key(), "documents outbox"),
                               .lanes = {{kSignatureLane, SignatureWork(signatures)}}}),
        staff(signatures, store, once),
        portal(signatures, store, documents, blobs),
        by_passkey(signatures),
        evidence(store, documents, blobs, rules),
        seals_handler(store) {}
  SignatureEffects effects;
  PostgresSignatures store;
  IdentityCodes codes;
  Signatures signatures;
  const Jobs jobs;
  SignaturesHandler staff;
  PortalSignaturesHandler portal;
  PasskeySignaturesHandler by_passkey;
  EvidenceHandler evidence;
  SealsHandler seals_handler;
};

// Has what was signed sealed while it lives.
struct SealingJobs {
  SealingJobs(Sealer& sealer, ServiceBase& base, Signing& signing, Uploads& uploads,
              BlobStore& blobs, OrganisationDirectory& organisations)
      : sealing({signing.store, uploads, blobs, organisations, sealer, base.clock()}),
        jobs(base.postgres(), {.key = DeriveKey(base.root_key(), "documents outbox"),
                               .lanes = {{kSealLane, SealingLane(sealing, workers)}}}),
        catching_up(base.postgres(), {}, base.clock(),
                    [this](absl::Time) { return sealing.CatchUp(); }) {
    catching_up.Start();
  }
  Sealing sealing;
  WorkerPool workers{"seals", 1, 1};
  const Jobs jobs;
  Sweeper catching_up;  // Once an hour: replicas that seal nothing may be there as well.
};

// Contacts that are to be forgotten, and cases that are gone.
struct Forgetting {
  Forgetting(ServiceBase& base, Outbox& outbox, BlobCollector& collector, Once& once)
      : store(base.postgres(), outbox,
              SealedTraces({.job_keys = {DeriveKey(base.root_key(), "documents outbox")},
                            .once_key = DeriveKey(base.root_key(), "documents once"),
                            .spared_lanes = {}})),
        handler(store, collector, once, base.clock()),
        removals(base.postgres()) {}
  ErasureStore store;
  ErasureHandler handler;
  RemovalsHandler removals;
};

// Contacts that are to be shown what is known of them, and the jobs of that, while it lives.
struct Exporting {
  struct Parts {
    ServiceBase& base;
    Outbox& outbox;
    BlobStore& blobs;
    RulesStore& rules;
    Once& once;
  };
  Exporting(const Config& config, const Parts& parts, Client& cases, Client& identity,
            Client& notification)
      : invitation(config.invitation_address, parts.base.tls()),
        store(parts.base.postgres(), parts.outbox,
              {.key = DeriveKey(parts.base.root_key(), "contact exports"),
               .kept = config.exports_kept}),
        services({cases, invitation, identity, notification}, parts.base.postgres()),
        exporting(store, services),
        handler({store, services, parts.blobs, parts.rules, parts.once}),
        jobs(parts.base.postgres(), {.key = DeriveKey(parts.base.root_key(), "documents outbox"),
                                     .lanes = {{kExportLane, exporting.Lane()}}}) {}
  Client invitation;
  ExportStore store;
  ExportClients services;
  ContactExporting exporting;
  ExportsHandler handler;
  const Jobs jobs;
};

int Serve(Config config) {
  BlobPlaces places(config.blobs);
  const auto sniffer = MagicSniffer::Open();
  if (!sniffer.ok()) return Fail(sniffer.status());
  ServiceBase base(std::move(config.service), config.identity_address,
                   WithCommon(kMigrations).size());
  PostgresKeys keys(base.postgres(), MasterKeyOf(base.root_key()));
  SealedBlobs blobs(places.all(), keys);
  Client identity(config.identity_address, base.tls());
  Client cases(config.cases_address, base.tls());
  Client notification(config.notification_address, base.tls());
  Outbox outbox(
      base.postgres(),
      {.key = DeriveKey(base.root_key(), "documents outbox"),
       .services = {{"identity", &identity}, {"cases", &cases}, {"notification", &notification}}});
  Effects effects(outbox, !config.previewer.empty());
  PostgresDocuments documents(base.postgres(), effects);
  RequestEffects request_effects(outbox);
  PostgresRequests stored_requests(base.postgres(), request_effects);
  PostgresTemplates templates(base.postgres());
  IdentityChoices choices(identity);
  ChosenRequests request_store(stored_requests, choices);
  const gatehouse::Settings<pb::Settings> settings(base.postgres(), outbox);
  StoredRules rules(settings);
  MirroredCases mirror(cases);
  IdentityOrganisations organisations(identity);
  Uploads uploads({documents, request_store, blobs, rules, mirror, **sniffer, base.clock(),
                   config.clamd.has_value()});
  PostgresUploads stored_uploads(base.postgres());
  ResumableUploads resumable({stored_uploads, uploads, documents, blobs, rules, base.clock()});
  Changes changes(documents, mirror, organisations, base.clock());
  Requests requests(
      {request_store, templates, documents, rules, mirror, organisations, base.clock()});
  const RemindingJobs reminding(base, request_effects, identity, request_store, documents, rules,
                                mirror, organisations);
  Once once(base.postgres(), DeriveKey(base.root_key(), "documents once"));
  std::optional<SealerProcess> sealer;
  if (config.seal_key != nullptr) sealer.emplace(config.sealer, *config.seal_key);
  Signing signing(base, outbox, identity, documents, blobs, rules, mirror, organisations, once,
                  sealer ? &*sealer : nullptr);
  std::optional<SealingJobs> sealing;
  if (sealer) sealing.emplace(*sealer, base, signing, uploads, blobs, organisations);
  std::optional<ScanningJobs> scanning;
  if (config.clamd.has_value()) {
    scanning.emplace(*config.clamd, config.scan_limits, base, documents, blobs, outbox);
  }
  Previews previews(config.previewer, base, effects,
                    {documents, blobs, rules, config.clamd.has_value()});
  BlobCollector collector(documents, blobs);
  const Clock clock;
  const Collecting collecting(collector, clock);
  Forgetting forgetting(base, outbox, collector, once);
  Exporting exporting(config, {base, outbox, blobs, rules, once}, cases, identity, notification);

  UploadsHandler uploads_handler(uploads, once);
  ResumableHandler resumable_handler(resumable);
  DownloadsHandler downloads_handler(documents, blobs, rules, signing.store);
  ArchivesHandler archives_handler(documents, blobs, rules, mirror);
  ChangesHandler changes_handler(changes);
  RequestsHandler requests_handler(requests, request_store, documents, once);
  TemplatesHandler templates_handler(templates);
  SettingsHandler settings_handler({base.postgres(), outbox, settings, once});
  Server server("documents");
  Register({uploads_handler, resumable_handler, downloads_handler, archives_handler,
            changes_handler, requests_handler, templates_handler, settings_handler, signing.staff,
            signing.portal, signing.by_passkey, signing.evidence, signing.seals_handler,
            previews.handler, forgetting.handler, forgetting.removals, exporting.handler},
           server);
  return base.Run(server, [&] { return blobs.Ready(); });
}

// `gatehouse-documents seal-blobs`: see SealStore().
absl::Status SealBlobs(const Config& config) {
  Postgres postgres(config.service.postgres);
  ASSIGN_OR_RETURN(const Secret root_key, LoadRootKey(postgres, config.service.secret_keys));
  BlobPlaces places(config.blobs);
  PostgresKeys keys(postgres, MasterKeyOf(root_key));
  SealedBlobs blobs(places.all(), keys);
  return SealStore(postgres, blobs).status();
}

// `gatehouse-documents init-store`: see InitStore() and InitStores().
absl::Status InitBlobs(const Config& config) {
  Postgres postgres(config.service.postgres);
  BlobPlaces places(config.blobs);
  if (places.other() == nullptr) return InitStore(places.first(), postgres);
  return InitStores(places.first(), *places.other(), postgres);
}

// `gatehouse-documents move-blobs`: see MoveBlobs().
absl::Status MoveAll(const Config& config) {
  BlobPlaces places(config.blobs);
  if (places.other_folder() == nullptr) {
    return absl::FailedPreconditionError("GATEHOUSE_BLOB_OTHER_URL must be the folder to empty");
  }
  return MoveBlobs(*places.other_folder(), places.first()).status();
}

// `gatehouse-documents erase-keys ORGANISATION`: see PostgresKeys::Erase(). It needs no key.
absl::Status EraseKeys(const Config& config, const std::string& organisation_id) {
  Postgres postgres(config.service.postgres);
  return PostgresKeys(postgres, Secret()).Erase(organisation_id);
}

}  // namespace
}  // namespace gatehouse::documents

int main(int argc, char** argv) {
  using namespace gatehouse;
  StartProcess("documents", argc, argv);
  const auto migrations = WithCommon(documents::kMigrations);
  if (const auto code = RunMigration(argc, argv, "documents", migrations)) return *code;
  Environment environment;
  documents::Config config = documents::Config::Read(environment);
  if (const absl::Status status = environment.Status(); !status.ok()) return Fail(status);
  if (argc == 3 && absl::string_view(argv[1]) == "erase-keys") {
    const absl::Status erased = documents::EraseKeys(config, argv[2]);
    return erased.ok() ? 0 : Fail(erased);
  }
  const Commands more = {{"init-store", [&] { return documents::InitBlobs(config); }},
                         {"move-blobs", [&] { return documents::MoveAll(config); }},
                         {"seal-blobs", [&] { return documents::SealBlobs(config); }}};
  if (const auto code = RunCommand(argc, argv, config.service, more)) return *code;
  if (const auto code = AwaitRootKey(config.service)) return *code;
  return documents::Serve(std::move(config));
}
