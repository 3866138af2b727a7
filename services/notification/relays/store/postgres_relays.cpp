#include "services/notification/relays/store/postgres_relays.h"

#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/notification/v1/events.pb.h"
#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/caller.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/jobs/events.h"
#include "services/common/postgres/sql.h"

namespace gatehouse::notification {
namespace {

using nlohmann::json;

constexpr absl::Duration kTrailPatience = absl::Milliseconds(300);

constexpr char kRelay[] = "channel, active, candidate, test_time, failure, failure_time";

constexpr auto kFind =
    Sql("SELECT ", kRelay, " FROM relay WHERE organisation_id = $1 AND channel = $2");

constexpr auto kSet =
    Sql("INSERT INTO relay (organisation_id, channel, candidate, candidate_version) "
        "VALUES ($1, $2, $3, $4) ON CONFLICT (organisation_id, channel) "
        "DO UPDATE SET candidate = $3, candidate_version = $4 RETURNING ",
        kRelay);

constexpr auto kBeginTest = Sql(
    "UPDATE relay SET test_time = clock_timestamp() WHERE organisation_id = $1 AND channel = $2 "
    "AND (test_time IS NULL OR test_time <= clock_timestamp() - make_interval(secs => $3)) "
    "RETURNING ",
    kRelay);

constexpr auto kFailed =
    Sql("UPDATE relay SET failure = $3, failure_time = clock_timestamp() "
        "WHERE organisation_id = $1 AND channel = $2 RETURNING ",
        kRelay);

// What was tested is what was set, unless another one was set meanwhile.
constexpr auto kPassed = Sql(
    "UPDATE relay SET active = CASE WHEN candidate_version = $3 THEN candidate ELSE active END, "
    "candidate = CASE WHEN candidate_version = $3 THEN NULL ELSE candidate END, "
    "candidate_version = nullif(candidate_version, $3), failure = '', failure_time = NULL "
    "WHERE organisation_id = $1 AND channel = $2 RETURNING ",
    kRelay);

constexpr char kNote[] =
    "UPDATE relay SET failure = $3, "
    "failure_time = CASE WHEN $3 = '' THEN NULL ELSE clock_timestamp() END "
    "WHERE organisation_id = $1 AND channel = $2 AND (failure <> $3 "
    "OR failure_time < clock_timestamp() - interval '1 minute')";

absl::Status NotFound() { return Refuse(common::v1::NOT_FOUND, "no such relay is set"); }

const char* NameOf(Channel channel) { return channel == Channel::kSms ? "sms" : "email"; }

template <typename Event>
void Tell(Outbox& trail, Transaction& tx, const std::string& organisation_id, Channel channel) {
  OutboxCalls calls(organisation_id);
  AddToTrail(Event(), {.subject_id = NameOf(channel), .case_id = ""}, Call::Current(), calls);
  trail.Add(tx, std::move(calls), kTrailPatience);
}

}  // namespace

std::string PostgresRelays::Sealed(const std::string& organisation_id,
                                   const RelayAccount& account) const {
  const json fields = {account.version, account.url, account.user, account.secret.Reveal(),
                       account.from};
  return Seal(key_, "relay of " + organisation_id, fields.dump());
}

absl::StatusOr<RelayAccount> PostgresRelays::Opened(const std::string& organisation_id,
                                                    const pqxx::field& field) const {
  ASSIGN_OR_RETURN(const std::string text,
                   Open(key_, "relay of " + organisation_id, BytesFromSql(field)));
  const json fields = json::parse(text, nullptr, false);
  if (!fields.is_array() || fields.size() != 5) return absl::DataLossError("a relay is broken");
  return RelayAccount{fields[0], fields[1], fields[2], Secret(fields[3].get<std::string>()),
                      fields[4]};
}

absl::StatusOr<Relay> PostgresRelays::From(const std::string& organisation_id,
                                           const pqxx::row& row) const {
  Relay relay = {.channel = static_cast<Channel>(row["channel"].as<int>()),
                 .failure = row["failure"].c_str()};
  if (!row["active"].is_null()) {
    ASSIGN_OR_RETURN(relay.active, Opened(organisation_id, row["active"]));
  }
  if (!row["candidate"].is_null()) {
    ASSIGN_OR_RETURN(relay.candidate, Opened(organisation_id, row["candidate"]));
  }
  if (!row["test_time"].is_null()) relay.test_time = TimeFromSql(row["test_time"]);
  if (!row["failure_time"].is_null()) relay.failure_time = TimeFromSql(row["failure_time"]);
  return relay;
}

absl::StatusOr<std::optional<Relay>> PostgresRelays::Find(const std::string& organisation_id,
                                                          Channel channel) {
  using Result = absl::StatusOr<std::optional<Relay>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(kFind.c_str(), organisation_id, static_cast<int>(channel));
    if (rows.empty()) return std::nullopt;
    return From(organisation_id, rows[0]);
  });
}

absl::StatusOr<Relay> PostgresRelays::Set(const std::string& organisation_id, Channel channel,
                                          const RelayAccount& account) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Relay> {
    RelayAccount kept = account;
    kept.version = NewId("rly");
    const auto rows = tx.Exec(kSet.c_str(), organisation_id, static_cast<int>(channel),
                              Bytes(Sealed(organisation_id, kept)), kept.version);
    Tell<v1::RelaySet>(trail_, tx, organisation_id, channel);
    return From(organisation_id, rows[0]);
  });
}

absl::StatusOr<Relay> PostgresRelays::BeginTest(const std::string& organisation_id,
                                                Channel channel) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Relay> {
    const int number = static_cast<int>(channel);
    const auto begun =
        tx.Exec(kBeginTest.c_str(), organisation_id, number, absl::ToDoubleSeconds(kBetweenTests));
    if (!begun.empty()) return From(organisation_id, begun[0]);
    if (tx.Exec(kFind.c_str(), organisation_id, number).empty()) return NotFound();
    return RefuseUntil(v1::RELAY_TESTED_JUST_NOW, "the relay was tested a moment ago",
                       kBetweenTests);
  });
}

absl::StatusOr<Relay> PostgresRelays::EndTest(const std::string& organisation_id, Channel channel,
                                              const std::string& version,
                                              const std::string& failure) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Relay> {
    const int number = static_cast<int>(channel);
    const auto ended = failure.empty() ? tx.Exec(kPassed.c_str(), organisation_id, number, version)
                                       : tx.Exec(kFailed.c_str(), organisation_id, number, failure);
    if (ended.empty()) return NotFound();
    if (failure.empty()) Tell<v1::RelayActivated>(trail_, tx, organisation_id, channel);
    return From(organisation_id, ended[0]);
  });
}

absl::Status PostgresRelays::Note(const std::string& organisation_id, Channel channel,
                                  const std::string& failure) {
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) {
    tx.Exec(kNote, organisation_id, static_cast<int>(channel), failure);
    return absl::OkStatus();
  });
}

absl::Status PostgresRelays::Delete(const std::string& organisation_id, Channel channel) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto deleted =
        tx.Exec("DELETE FROM relay WHERE organisation_id = $1 AND channel = $2 RETURNING channel",
                organisation_id, static_cast<int>(channel));
    if (deleted.empty()) return NotFound();
    Tell<v1::RelayDeleted>(trail_, tx, organisation_id, channel);
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::notification
