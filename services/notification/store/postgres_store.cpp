#include "services/notification/store/postgres_store.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/common/crypto.h"
#include "services/common/random.h"

namespace gatehouse::notification {
namespace {

using nlohmann::json;

// The columns that MessageFrom() reads.
#define MESSAGE                                                                           \
  "message_id, channel, template, masked_recipient, state, segments, attempts, case_id, " \
  "failure, create_time, send_time"

Message MessageFrom(const pqxx::row& row) {
  Message message;
  message.message_id = row[0].c_str();
  message.channel = static_cast<Channel>(row[1].as<int>());
  message.template_name = row[2].c_str();
  message.masked_recipient = row[3].c_str();
  message.state = static_cast<MessageState>(row[4].as<int>());
  message.segments = row[5].as<int>();
  message.attempts = row[6].as<int>();
  message.case_id = row[7].c_str();
  message.failure = row[8].c_str();
  message.create_time = TimeFromSql(row[9]);
  if (!row[10].is_null()) message.send_time = TimeFromSql(row[10]);
  return message;
}

constexpr char kInsert[] =
    "INSERT INTO message (organisation_id, message_id, request_id, channel, template, "
    "masked_recipient, sealed, case_id, segments, expire_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
    "ON CONFLICT (organisation_id, request_id) DO NOTHING RETURNING " MESSAGE;

// Adds a line to the ledger. The account's row is the lock under which the lines get their numbers;
// no row comes back where the balance would fall below zero.
constexpr char kEntry[] = R"sql(
  WITH account AS (
    UPDATE credit_account SET balance = balance + $3, entry_number = entry_number + 1
    WHERE organisation_id = $1 AND balance + $3 >= 0
    RETURNING balance, entry_number)
  INSERT INTO credit_entry (organisation_id, entry_number, kind, credits, balance, reference)
  SELECT $1, entry_number, $2, $3, balance, $4 FROM account
  RETURNING balance)sql";

// What a claim leaves behind when the process dies: after a minute it is due again, as unsure.
constexpr char kClaim[] = R"sql(
  UPDATE message SET state = 2, attempts = attempts + 1, unsure = unsure OR state = 2,
                     next_attempt_time = clock_timestamp() + interval '1 minute'
  WHERE (organisation_id, message_id) IN (
    SELECT organisation_id, message_id FROM message
    WHERE channel = $1 AND state IN (1, 2) AND next_attempt_time <= clock_timestamp()
    ORDER BY next_attempt_time LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING organisation_id, message_id, sealed, attempts, unsure,
            expire_time <= clock_timestamp())sql";

// Settles a message that waits or is being sent; nothing where that was done already.
constexpr char kSettle[] = R"sql(
  UPDATE message SET state = $3, provider_id = $4, failure = $5, sealed = '',
                     send_time = CASE WHEN $3 = 3 THEN clock_timestamp() END
  WHERE organisation_id = $1 AND message_id = $2 AND state IN (1, 2)
  RETURNING segments)sql";

std::string SealOutgoing(const Secret& key, const Outgoing& message) {
  const json content = {message.recipient, message.subject, message.body};
  return Seal(key, message.organisation_id + "/" + message.message_id, content.dump());
}

absl::Status OpenOutgoing(const Secret& key, const std::string& sealed, Outgoing& message) {
  ASSIGN_OR_RETURN(const std::string text,
                   Open(key, message.organisation_id + "/" + message.message_id, sealed));
  const json content = json::parse(text);
  message.recipient = content.at(0);
  message.subject = content.at(1);
  message.body = content.at(2);
  return absl::OkStatus();
}

absl::Status CreditsExhausted() {
  return Refuse(absl::StatusCode::kFailedPrecondition, "SMS_CREDITS_EXHAUSTED",
                "there are not enough SMS credits: purchase some");
}

}  // namespace

absl::StatusOr<Message> PostgresStore::Add(const NewMessage& message) {
  const std::string& organisation = message.organisation_id;
  const auto add = [&](Transaction& tx) -> absl::StatusOr<Message> {
    const auto added =
        tx.Exec(kInsert, organisation, message.shown.message_id, message.request_id,
                static_cast<int>(message.shown.channel), message.shown.template_name,
                message.shown.masked_recipient, Bytes(SealOutgoing(key_, message.outgoing)),
                message.shown.case_id, message.shown.segments, ToSql(message.expire_time));
    if (added.empty()) {
      return MessageFrom(tx.Exec("SELECT " MESSAGE
                                 " FROM message WHERE organisation_id = $1 AND request_id = $2",
                                 organisation, message.request_id)[0]);
    }
    const int segments = message.shown.segments;
    if (segments > 0 && tx.Exec(kEntry, organisation, static_cast<int>(EntryKind::kReservation),
                                -segments, message.shown.message_id)
                            .empty()) {
      return CreditsExhausted();
    }
    return MessageFrom(added[0]);
  };
  if (message.shown.segments == 0) return postgres_.Read(Rows::Of(organisation), add);
  return postgres_.Write(Rows::Of(organisation), add);
}

absl::StatusOr<std::optional<Claim>> PostgresStore::ClaimOne(Channel channel) {
  using Result = absl::StatusOr<std::optional<Claim>>;
  return postgres_.Read(Rows::OfAll(), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(kClaim, static_cast<int>(channel));
    if (rows.empty()) return std::nullopt;
    Claim claim;
    claim.outgoing.organisation_id = rows[0][0].c_str();
    claim.outgoing.message_id = rows[0][1].c_str();
    RETURN_IF_ERROR(OpenOutgoing(key_, BytesFromSql(rows[0][2]), claim.outgoing));
    claim.attempts = rows[0][3].as<int>();
    claim.unsure = rows[0][4].as<bool>();
    claim.expired = rows[0][5].as<bool>();
    return claim;
  });
}

absl::Status PostgresStore::RecordSent(const Outgoing& message, const std::string& provider_id) {
  return postgres_.Write(Rows::Of(message.organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto settled = tx.Exec(kSettle, message.organisation_id, message.message_id,
                                 static_cast<int>(MessageState::kSent), provider_id, "");
    if (settled.empty() || settled[0][0].as<int>() == 0) return absl::OkStatus();
    tx.Exec(kEntry, message.organisation_id, static_cast<int>(EntryKind::kCharge), 0,
            message.message_id);
    return absl::OkStatus();
  });
}

absl::Status PostgresStore::RecordGivenUp(const Outgoing& message, MessageState state,
                                          const std::string& failure) {
  return postgres_.Write(Rows::Of(message.organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto settled = tx.Exec(kSettle, message.organisation_id, message.message_id,
                                 static_cast<int>(state), "", failure);
    const int segments = settled.empty() ? 0 : settled[0][0].as<int>();
    if (segments == 0) return absl::OkStatus();
    tx.Exec(kEntry, message.organisation_id, static_cast<int>(EntryKind::kRelease), segments,
            message.message_id);
    return absl::OkStatus();
  });
}

absl::Status PostgresStore::RecordPostponed(const Outgoing& message, absl::Duration wait,
                                            bool unsure) {
  return postgres_.Read(Rows::Of(message.organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(
        "UPDATE message SET state = 1, unsure = $4, "
        "next_attempt_time = clock_timestamp() + make_interval(secs => $3) "
        "WHERE organisation_id = $1 AND message_id = $2 AND state = 2",
        message.organisation_id, message.message_id, absl::ToDoubleSeconds(wait), unsure);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<std::string>> PostgresStore::KnownProviderIds(
    const std::string& organisation_id, const std::vector<std::string>& ids) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<std::string> known;
    for (const auto& row :
         tx.Exec("SELECT provider_id FROM message WHERE organisation_id = $1 "
                 "AND provider_id <> '' AND provider_id = ANY (string_to_array($2, ' '))",
                 organisation_id, absl::StrJoin(ids, " "))) {
      known.emplace_back(row[0].c_str());
    }
    return known;
  });
}

absl::StatusOr<std::vector<Message>> PostgresStore::ListMessages(const std::string& organisation_id,
                                                                 const std::string& case_id,
                                                                 const Page& page) {
  using Result = absl::StatusOr<std::vector<Message>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Message> messages;
    for (const auto& row :
         tx.Exec("SELECT " MESSAGE
                 " FROM message WHERE organisation_id = $1 AND ($2 = '' OR case_id = $2) "
                 "AND ($3 = '' OR message_id < $3) ORDER BY message_id DESC LIMIT $4",
                 organisation_id, case_id, page.after, page.limit())) {
      messages.push_back(MessageFrom(row));
    }
    return messages;
  });
}

absl::StatusOr<std::map<std::string, MessageState>> PostgresStore::LookUp(
    const std::string& organisation_id, const std::vector<std::string>& request_ids) {
  using Result = absl::StatusOr<std::map<std::string, MessageState>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::map<std::string, MessageState> states;
    for (const auto& row :
         tx.Exec("SELECT request_id, state FROM message WHERE organisation_id = $1 "
                 "AND request_id = ANY (string_to_array($2, ' '))",
                 organisation_id, absl::StrJoin(request_ids, " "))) {
      states[row[0].c_str()] = static_cast<MessageState>(row[1].as<int>());
    }
    return states;
  });
}

absl::StatusOr<int64_t> PostgresStore::Balance(const std::string& organisation_id) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<int64_t> {
    const auto rows =
        tx.Exec("SELECT balance FROM credit_account WHERE organisation_id = $1", organisation_id);
    return rows.empty() ? 0 : rows[0][0].as<int64_t>();
  });
}

absl::StatusOr<int64_t> PostgresStore::Purchase(const std::string& organisation_id, int64_t credits,
                                                const std::string& reference) {
  const int kind = static_cast<int>(EntryKind::kPurchase);
  return postgres_.Write(
      Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<int64_t> {
        // The account's row first: whoever buys under the same reference waits here.
        const auto account = tx.Exec(
            "INSERT INTO credit_account AS old VALUES ($1, 0, 0) ON CONFLICT (organisation_id) "
            "DO UPDATE SET balance = old.balance RETURNING balance",
            organisation_id);
        const auto first = tx.Exec(
            "SELECT FROM credit_entry WHERE organisation_id = $1 AND kind = $2 AND reference = $3",
            organisation_id, kind, reference);
        if (!first.empty()) return account[0][0].as<int64_t>();
        return tx.Exec(kEntry, organisation_id, kind, credits, reference)[0][0].as<int64_t>();
      });
}

absl::StatusOr<std::vector<Entry>> PostgresStore::ListEntries(const std::string& organisation_id,
                                                              const Page& page) {
  using Result = absl::StatusOr<std::vector<Entry>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Entry> entries;
    for (const auto& row :
         tx.Exec("SELECT entry_number, kind, credits, balance, reference, create_time "
                 "FROM credit_entry WHERE organisation_id = $1 "
                 "AND ($2 = '' OR entry_number < $2::bigint) ORDER BY entry_number DESC LIMIT $3",
                 organisation_id, page.after, page.limit())) {
      entries.push_back({row[0].as<int64_t>(), static_cast<EntryKind>(row[1].as<int>()),
                         row[2].as<int64_t>(), row[3].as<int64_t>(), row[4].c_str(),
                         TimeFromSql(row[5])});
    }
    return entries;
  });
}

absl::StatusOr<std::string> PostgresStore::Publish(const std::string& organisation_id,
                                                   const Event& event) {
  return postgres_.Read(
      Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<std::string> {
        const auto added = tx.Exec(
            "WITH feed AS (INSERT INTO event_feed AS old VALUES ($1, 1) ON CONFLICT "
            "(organisation_id) DO UPDATE SET last_number = old.last_number + 1 "
            "RETURNING last_number) "
            "INSERT INTO event (organisation_id, number, event_id, request_id, type, case_id, "
            "time, data) SELECT $1, last_number, $2, $3, $4, $5, $6, $7::jsonb FROM feed "
            "ON CONFLICT (organisation_id, request_id) DO NOTHING RETURNING event_id",
            organisation_id, NewId("evt"), event.request_id, event.type, event.case_id,
            ToSql(event.time), json(event.data).dump());
        if (!added.empty()) return std::string(added[0][0].c_str());
        const auto first =
            tx.Exec("SELECT event_id FROM event WHERE organisation_id = $1 AND request_id = $2",
                    organisation_id, event.request_id);
        return std::string(first.at(0)[0].c_str());
      });
}

absl::StatusOr<std::vector<Event>> PostgresStore::ListEvents(const std::string& organisation_id,
                                                             int64_t after, int limit) {
  using Result = absl::StatusOr<std::vector<Event>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Event> events;
    for (const auto& row :
         tx.Exec("SELECT number, event_id, type, case_id, time, data FROM event "
                 "WHERE organisation_id = $1 AND number > $2 ORDER BY number LIMIT $3",
                 organisation_id, after, limit)) {
      events.push_back({.number = row[0].as<int64_t>(),
                        .event_id = row[1].c_str(),
                        .type = row[2].c_str(),
                        .case_id = row[3].c_str(),
                        .time = TimeFromSql(row[4]),
                        .data = json::parse(row[5].c_str())});
    }
    return events;
  });
}

}  // namespace gatehouse::notification
