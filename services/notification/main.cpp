#include "services/common/base/crypto.h"
#include "services/common/jobs/outbox.h"
#include "services/common/observe/metrics.h"
#include "services/common/postgres/once.h"
#include "services/common/process/process.h"
#include "services/common/service/await_root_key.h"
#include "services/notification/config.h"
#include "services/notification/conversations/conversations_handler.h"
#include "services/notification/conversations/store/postgres_conversations.h"
#include "services/notification/credits/credits_handler.h"
#include "services/notification/erasure/handler.h"
#include "services/notification/exports/handler.h"
#include "services/notification/handler.h"
#include "services/notification/mailboxes/mailbox_sender.h"
#include "services/notification/mailboxes/mailboxes_handler.h"
#include "services/notification/mailboxes/store/postgres_mailboxes.h"
#include "services/notification/preferences/notice_outlet.h"
#include "services/notification/preferences/preferences_handler.h"
#include "services/notification/preferences/services_directory.h"
#include "services/notification/preferences/store/postgres_summaries.h"
#include "services/notification/preferences/stored_preferences.h"
#include "services/notification/preferences/telling_lanes.h"
#include "services/notification/publisher.h"
#include "services/notification/relays/own_accounts.h"
#include "services/notification/relays/relay_sender.h"
#include "services/notification/relays/relays_handler.h"
#include "services/notification/relays/store/postgres_relays.h"
#include "services/notification/removals/handler.h"
#include "services/notification/sandbox/sandbox_handler.h"
#include "services/notification/sandbox/sandbox_sender.h"
#include "services/notification/senders/curl.h"
#include "services/notification/senders/fallback.h"
#include "services/notification/sending.h"
#include "services/notification/sms/guarded_sender.h"
#include "services/notification/sms/sms_handler.h"
#include "services/notification/sms/store/postgres_stops.h"
#include "services/notification/store/message_queue.h"
#include "services/notification/store/postgres_store.h"
#include "services/notification/templates/html.h"
#include "services/notification/templates/store/postgres_templates.h"
#include "services/notification/watching/watch_handler.h"
#include "services/notification/webhooks/curl_poster.h"
#include "services/notification/webhooks/webhook_lane.h"
#include "services/notification/webhooks/webhooks_handler.h"

namespace gatehouse::notification {
extern const std::vector<Migration> kMigrations;
namespace {

constexpr int kWebhookThreads = 16;

void ReportTurns(const std::string&, const JobStore::Backlog& backlog) {
  SetGauge("gatehouse_webhook_turns_waiting", {}, static_cast<double>(backlog.waiting));
}

// Brings the feed to the organisations' webhook endpoints while it lives.
struct Bringing {
  Bringing(const Config& config, ServiceBase& base, Outbox& trail)
      : targets(config.webhook_networks),
        store(base.postgres(), DeriveKey(base.root_key(), "webhook secrets"), trail),
        turns(base.postgres(),
              {.key = DeriveKey(base.root_key(), "webhook turns"),
               .lanes = {{kWebhookLane, WebhookLane(
                                            store, kWebhookThreads,
                                            [this, file = config.webhook_ca_file] {
                                              return std::make_unique<CurlWebhookPoster>(targets,
                                                                                         file);
                                            },
                                            wake)}},
               .report = ReportTurns}) {
    scheduler.Start(turns);
  }
  ~Bringing() { scheduler.Stop(); }
  const WebhookTargets targets;
  PostgresWebhooks store;
  WebhookScheduler scheduler{store};
  const std::function<void(const std::string&)> wake = [this](const std::string& organisation_id) {
    scheduler.Wake(organisation_id);
  };
  Jobs turns;
};

// Tells people of what happens while it lives.
struct Informing {
  struct Places {
    Store& store;
    MessageQueue& queue;
    Templates& templates;
    Outbox& outbox;
    const Secret& outbox_key;
    Client& identity;
    const SmsGate& gate;
  };
  Informing(ServiceBase& base, const Config& config, const Places& places)
      : settings(base.postgres(), places.outbox),
        submitter(places.queue, places.templates, actions, preferences,
                  config.sms.empty() ? nullptr : &places.gate),
        summaries(base.postgres(), places.outbox),
        cases(config.cases_address, base.tls()),
        organisations(places.identity),
        telling({actions, preferences, mirrored, calendars, organisations, outlet, summaries,
                 base.clock()}),
        jobs(base.postgres(), {.key = places.outbox_key,
                               .lanes = {{kTellingLane, TellingLane(telling, tellers)},
                                         {kSummaryLane, SummaryLane(telling, tellers)}},
                               .report = ReportTelling}),
        publisher(base.postgres(), places.store, places.outbox, summaries, telling) {}
  const Actions actions = DeclaredActions();
  const Settings<v1::NotificationSettings> settings;
  StoredPreferences preferences{settings};
  Submitter submitter;
  NoticeOutlet outlet{submitter};
  PostgresSummaries summaries;
  Client cases;
  MirroredCases mirrored{cases};
  VisitCalendars calendars{cases};
  IdentityOrganisations organisations;
  const Telling telling;
  WorkerPool tellers{"telling", kTellingThreads, 2 * kTellingThreads};
  const Jobs jobs;
  Publisher publisher;
};

// Contacts that are to be forgotten, or told what is known of them, and cases that are gone. What
// waits to be sent the erasure settles itself.
struct Forgetting {
  Forgetting(ServiceBase& base, const Secret& outbox_key, Once& once)
      : store(base.postgres(),
              {.message_key = DeriveKey(base.root_key(), "messages"),
               .traces = SealedTraces(
                   {.job_keys = {outbox_key},
                    .once_key = DeriveKey(base.root_key(), "notification once"),
                    .spared_lanes = {LaneOf(Channel::kEmail), LaneOf(Channel::kSms)}})}),
        handler(store, once),
        removals(base.postgres()),
        exports(base.postgres()) {}
  void Register(Server& server) {
    handler.Register(server);
    removals.Register(server);
    exports.Register(server);
  }
  ErasureStore store;
  ErasureHandler handler;
  RemovalsHandler removals;
  ExportHandler exports;
};

// What stands between a message and its provider. Senders are made from it as long as anything is
// sent.
struct Ways {
  PostgresInbox& inbox;
  MailboxStore& mailboxes;
  StopStore& stops;
  RelayStore& relays;
  const MakeRelaySender& make_own;
  const Clock& clock;
};

std::map<std::string, LaneOptions> SendingLanes(const Config& config, Store& store,
                                                const Ways& ways) {
  std::map<std::string, LaneOptions> lanes;
  lanes[LaneOf(Channel::kEmail)] =
      SendingLane(store, Channel::kEmail, config.smtp_connections, [&config, ways] {
        auto own = std::make_unique<RelaySender>(std::make_unique<SmtpSender>(config.smtp),
                                                 Channel::kEmail, ways.relays, ways.make_own);
        auto living = std::make_unique<MailboxSender>(std::move(own), ways.mailboxes);
        return std::make_unique<SandboxSender>(std::move(living), Channel::kEmail, ways.inbox);
      });
  if (config.sms.empty()) return lanes;
  // What one thread finds out of a provider, all know.
  std::vector<std::shared_ptr<Circuit>> circuits;
  for (size_t i = 0; i < config.sms.size(); ++i) {
    circuits.push_back(std::make_shared<Circuit>(i == 0 ? "first" : "second", ways.clock));
  }
  lanes[LaneOf(Channel::kSms)] =
      SendingLane(store, Channel::kSms, config.sms_connections, [&config, ways, circuits] {
        std::vector<FallbackSender::Provider> providers;
        for (size_t i = 0; i < config.sms.size(); ++i) {
          providers.push_back({std::make_unique<SmsSender>(config.sms[i]), circuits[i]});
        }
        auto own =
            std::make_unique<RelaySender>(std::make_unique<FallbackSender>(std::move(providers)),
                                          Channel::kSms, ways.relays, ways.make_own);
        auto guarded = std::make_unique<GuardedSender>(std::move(own), ways.stops);
        return std::make_unique<SandboxSender>(std::move(guarded), Channel::kSms, ways.inbox);
      });
  return lanes;
}

// By what an organisation has set; for SMS an account at the first provider.
MakeRelaySender MakeOwn(const Config& config, const WebhookTargets& targets) {
  return [&](Channel channel, const RelayAccount& account) -> std::unique_ptr<Sender> {
    if (channel == Channel::kSms) {
      return std::make_unique<SmsSender>(OwnAccount(config.sms.at(0), account));
    }
    return std::make_unique<SmtpSender>(OwnServer(account, targets, config.smtp.ca_file));
  };
}

int Serve(Config config) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  ServiceBase base(std::move(config.service), config.identity_address,
                   WithCommon(kMigrations).size());
  PostgresInbox inbox(base.postgres());
  Client identity(config.identity_address, base.tls());
  const Secret outbox_key = DeriveKey(base.root_key(), "notification outbox");
  Outbox outbox(base.postgres(), {.key = outbox_key, .services = {{"identity", &identity}}});
  Bringing webhooks(config, base, outbox);
  PostgresStore feed(base.postgres());
  FeedWatch feed_watch([&](const auto& organisations) { return feed.NewestEvents(organisations); });
  PostgresStore store(base.postgres(), [&](const std::string& organisation_id) {
    feed_watch.Published(organisation_id);
    webhooks.scheduler.Wake(organisation_id);
  });
  PostgresStops stops(base.postgres(), DeriveKey(base.root_key(), "sms stops"), outbox);
  const SmsHandler::Rules sms_rules(base.postgres(), outbox);
  PostgresMailboxes mailboxes(base.postgres(), DeriveKey(base.root_key(), "mailboxes"), outbox);
  PostgresRelays relays(base.postgres(), DeriveKey(base.root_key(), "relays"), outbox);
  const SmsGate gate(stops, sms_rules, relays);
  const MakeRelaySender make_own = MakeOwn(config, webhooks.targets);
  Jobs jobs(base.postgres(),
            {.key = DeriveKey(base.root_key(), "messages"),
             .lanes = SendingLanes(config, store,
                                   {inbox, mailboxes, stops, relays, make_own, base.clock()}),
             .report = ReportBacklog});
  const Settings<v1::CreditSettings> credit_settings(base.postgres(), outbox);
  const CreditWatch credit_watch(store, credit_settings);
  MessageQueue queue(base.postgres(), jobs, credit_watch);
  const TemplatesHandler::Rules rules(base.postgres(), outbox);
  PostgresTemplates stored_templates(base.postgres(), outbox);
  Templates templates(stored_templates, CheckHtml);
  Once once(base.postgres(), DeriveKey(base.root_key(), "notification once"));
  TemplatesHandler templates_handler(templates, stored_templates, rules, once);
  Informing informing(base, config, {store, queue, templates, outbox, outbox_key, identity, gate});
  CreditsHandler credits_handler(base.postgres(), store, credit_settings, once);
  PostgresConversations stored_conversations(base.postgres());
  ConversationsHandler conversations_handler({base.postgres(), outbox, stored_conversations,
                                              informing.mirrored, informing.organisations,
                                              templates, informing.publisher, once});
  PreferencesHandler preferences_handler(
      {base.postgres(), outbox, informing.settings, informing.actions, templates, once});
  WebhooksHandler webhooks_handler(webhooks.store, webhooks.targets, webhooks.scheduler, once);
  WatchHandler watch_handler(store, feed_watch);
  Forgetting forgetting(base, outbox_key, once);
  std::optional<std::string> sms_sender;
  if (!config.sms.empty()) sms_sender = config.sms[0].from;
  Handler handler(store, informing.publisher, informing.submitter, templates, rules,
                  std::move(sms_sender));
  Server server("notification");
  handler.Register(server);
  templates_handler.Register(server);
  preferences_handler.Register(server);
  credits_handler.Register(server);
  conversations_handler.Register(server);
  webhooks_handler.Register(server);
  watch_handler.Register(server);
  RelaysHandler relays_handler(relays, webhooks.targets, !config.sms.empty(), make_own);
  relays_handler.Register(server);
  SmsHandler sms_handler(stops, relays, sms_rules, once, config.sms);
  sms_handler.Register(server);
  MailboxesHandler mailboxes_handler(mailboxes);
  mailboxes_handler.Register(server);
  SandboxHandler sandbox_handler(inbox);
  sandbox_handler.Register(server);
  forgetting.Register(server);
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
