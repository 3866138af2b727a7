#include "services/notification/sms/store/postgres_stops.h"

#include "gatehouse/notification/v1/events.pb.h"
#include "services/common/base/caller.h"
#include "services/common/base/crypto.h"
#include "services/common/jobs/events.h"
#include "services/common/text/address.h"

namespace gatehouse::notification {
namespace {

constexpr absl::Duration kTrailPatience = absl::Milliseconds(300);

// Of what all organisations share the rows are nobody's: '', which is no organisation's id. What
// was said to that sender is nothing to an organisation that sends by one of its own.
constexpr char kFind[] =
    "SELECT organisation_id, stopped, change_time FROM sms_stop "
    "WHERE number_hash = $2 AND (organisation_id = $1 OR organisation_id = '' AND NOT EXISTS ("
    "SELECT FROM relay WHERE relay.organisation_id = $1 AND channel = 2 AND active IS NOT NULL))";

constexpr char kSet[] =
    "INSERT INTO sms_stop (organisation_id, number_hash, stopped) VALUES ($1, $2, $3) "
    "ON CONFLICT (organisation_id, number_hash) "
    "DO UPDATE SET stopped = $3, change_time = clock_timestamp()";

constexpr char kTake[] =
    "INSERT INTO sms_inbound (organisation_id, provider_id) VALUES ($1, $2) "
    "ON CONFLICT DO NOTHING RETURNING provider_id";

constexpr char kAdd[] =
    "INSERT INTO message_receipt (organisation_id, message_id, delivery, provider_id, failure) "
    "SELECT $1, $2, $3, $4, $5 WHERE EXISTS (SELECT FROM message WHERE organisation_id = $1 "
    "AND message_id = $2 AND channel = 2) ON CONFLICT DO NOTHING";

// Nobody's rows are everybody's to write, by what is nobody's: a callback.
Rows RowsOf(const std::string& organisation_id) {
  return organisation_id.empty() ? Rows::OfAll() : Rows::Of(organisation_id);
}

Stop FindIn(Transaction& tx, const std::string& organisation_id, const std::string& hash) {
  Stop house, own;
  for (const auto& row : tx.Exec(kFind, organisation_id, hash)) {
    Stop& stop = *row["organisation_id"].c_str() == '\0' ? house : own;
    stop = {row["stopped"].as<bool>(), TimeFromSql(row["change_time"])};
  }
  return StopFor(house, own);
}

}  // namespace

std::string PostgresStops::Hashed(const std::string& number) const {
  return Hex(HmacSha256(key_.Reveal(), number)).substr(0, 32);
}

absl::StatusOr<Stop> PostgresStops::Find(const std::string& organisation_id,
                                         const std::string& number) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Stop> {
    return FindIn(tx, organisation_id, Hashed(number));
  });
}

absl::Status PostgresStops::Say(const std::string& organisation_id, const std::string& number,
                                bool stop, const std::string& provider_id) {
  return postgres_.Write(RowsOf(organisation_id), [&](Transaction& tx) {
    if (tx.Exec(kTake, organisation_id, provider_id).empty()) return absl::OkStatus();
    tx.Exec(kSet, organisation_id, Hashed(number), stop);
    return absl::OkStatus();
  });
}

absl::Status PostgresStops::Learn(const std::string& organisation_id, const std::string& number) {
  return postgres_.WriteOne(RowsOf(organisation_id), [&](Transaction& tx) {
    tx.Exec(kSet, organisation_id, Hashed(number), true);
    return absl::OkStatus();
  });
}

absl::StatusOr<Stop> PostgresStops::Lift(const std::string& organisation_id,
                                         const std::string& number) {
  const std::string hash = Hashed(number);
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Stop> {
    const Stop found = FindIn(tx, organisation_id, hash);
    if (!found.stopped) return found;
    tx.Exec(kSet, organisation_id, hash, false);
    v1::SmsStopLifted lifted;
    lifted.set_to(MaskPhone(number));
    OutboxCalls calls(organisation_id);
    AddToTrail(lifted, {.subject_id = hash, .case_id = ""}, Call::Current(), calls);
    trail_.Add(tx, std::move(calls), kTrailPatience);
    return FindIn(tx, organisation_id, hash);
  });
}

absl::Status PostgresStops::Add(const std::string& organisation_id, const std::string& message_id,
                                const Receipt& receipt) {
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) {
    tx.Exec(kAdd, organisation_id, message_id, static_cast<int>(receipt.state), receipt.provider_id,
            receipt.failure);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::string> PostgresStops::ProviderIdOf(const std::string& organisation_id,
                                                        const std::string& message_id) {
  using Result = absl::StatusOr<std::string>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(
        "SELECT provider_id FROM message_receipt WHERE organisation_id = $1 AND message_id = $2 "
        "AND provider_id <> '' ORDER BY delivery DESC LIMIT 1",
        organisation_id, message_id);
    return rows.empty() ? std::string() : std::string(rows[0]["provider_id"].c_str());
  });
}

}  // namespace gatehouse::notification
