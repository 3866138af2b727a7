#include "services/notification/store/postgres_store.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/caller.h"
#include "services/common/base/crypto.h"
#include "services/common/observe/metrics.h"

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

// The message and its reservation in one statement, so that there is one round trip and never one
// without the other. No row comes back where the request_id is known or credits are missing; where
// somebody else took the last credit meanwhile, the balance's CHECK undoes all of it.
constexpr char kAdd[] =
    "WITH added AS ("
    "  INSERT INTO message (organisation_id, message_id, request_id, channel, template, "
    "    masked_recipient, sealed, case_id, segments, expire_time, traceparent, state, attempts,"
    "    next_attempt_time)"
    "  SELECT $1, $2, $3, $4::integer, $5, $6, $7::bytea, $8, $9::integer, $10::timestamptz, $12,"
    "    $13::integer, $13::integer - 1, now() + make_interval(secs => $14)"
    "  WHERE $9::integer = 0 OR EXISTS (SELECT FROM credit_account"
    "    WHERE organisation_id = $1 AND balance >= $9::integer)"
    "  ON CONFLICT (organisation_id, request_id) DO NOTHING RETURNING " MESSAGE
    "), account AS ("
    "  UPDATE credit_account SET balance = balance - $9::integer, entry_number = entry_number + 1"
    "  WHERE organisation_id = $1 AND $9::integer > 0 AND EXISTS (SELECT FROM added)"
    "  RETURNING balance, entry_number"
    "), entry AS ("
    "  INSERT INTO credit_entry"
    "    (organisation_id, entry_number, kind, credits, balance, reference)"
    "  SELECT $1, entry_number, $11::integer, -$9::integer, balance, $2 FROM account"
    ") SELECT " MESSAGE " FROM added";

constexpr char kByRequest[] =
    "SELECT " MESSAGE " FROM message WHERE organisation_id = $1 AND request_id = $2";

constexpr absl::Duration kLease = absl::Seconds(30);

// What a claim leaves behind when the process dies: after its lease it is due again, as unsure. The
// time is now() and not clock_timestamp(), which no index can be searched by.
constexpr char kClaim[] = R"sql(
  WITH due AS MATERIALIZED (
    SELECT organisation_id, message_id FROM message
    WHERE channel = $1 AND state IN (1, 2) AND next_attempt_time <= now()
    ORDER BY next_attempt_time LIMIT 1 FOR UPDATE SKIP LOCKED)
  UPDATE message AS m SET state = 2, attempts = attempts + 1, unsure = unsure OR state = 2,
                          next_attempt_time = now() + make_interval(secs => $2)
  FROM due WHERE m.organisation_id = due.organisation_id AND m.message_id = due.message_id
  RETURNING m.organisation_id, m.message_id, sealed, attempts, unsure, expire_time <= now(),
            create_time, traceparent)sql";

// Settles a message that waits or is being sent, and adds the ledger's line; neither where it is
// settled. What was sent was sent, whoever says so; anything else only the last claim may say. An
// SMS (there is a line in the ledger) need not wait for the disk: should the server lose this, the
// claim runs out, and the provider is asked after the message before it is sent again.
constexpr char kSettle[] = R"sql(
  WITH settled AS (
    UPDATE message SET state = $3::integer, provider_id = $4, failure = $5, sealed = '',
                       send_time = CASE WHEN $3::integer = 3 THEN clock_timestamp() END
    WHERE organisation_id = $1 AND message_id = $2 AND state IN (1, 2)
      AND ($3::integer = 3 OR attempts = $6)
    RETURNING CASE WHEN $3::integer = 3 THEN 0 ELSE segments END AS released, segments
  ), account AS (
    UPDATE credit_account SET balance = balance + released, entry_number = entry_number + 1
    FROM settled WHERE organisation_id = $1 AND segments > 0
    RETURNING balance, entry_number, released, segments)
  INSERT INTO credit_entry (organisation_id, entry_number, kind, credits, balance, reference)
  SELECT $1, entry_number, $7::integer, released, balance, $2 FROM account
  RETURNING (SELECT segments FROM account), set_config('synchronous_commit', 'off', true))sql";

// It is due again when it expires at the latest, so that its credits do not stay reserved.
constexpr char kPostpone[] = R"sql(
  UPDATE message SET state = 1, unsure = $4,
         next_attempt_time = least(expire_time, clock_timestamp() + make_interval(secs => $3))
  WHERE organisation_id = $1 AND message_id = $2 AND state = 2 AND attempts = $5)sql";

// The account's row is the lock: of two messages that were lost at once, each takes an id of its
// own.
constexpr char kLockAccount[] = "SELECT FROM credit_account WHERE organisation_id = $1 FOR UPDATE";
constexpr char kFirstFree[] = R"sql(
  SELECT id FROM jsonb_array_elements_text($3::jsonb) WITH ORDINALITY AS found (id, place)
  WHERE id <> '' AND NOT EXISTS (
    SELECT FROM message WHERE organisation_id = $1 AND message_id <> $2
      AND provider_id <> '' AND provider_id = id)
  ORDER BY place LIMIT 1)sql";

std::string ContextOf(const std::string& organisation_id, const std::string& message_id) {
  return absl::StrCat(organisation_id, "/", message_id);
}

std::string SealOutgoing(const Secret& key, const Outgoing& message) {
  const json content = {message.recipient.text(), message.text.subject, message.text.body};
  return Seal(key, ContextOf(message.organisation_id, message.message_id), content.dump());
}

absl::StatusOr<Outgoing> OpenOutgoing(const Secret& key, Channel channel, const Claim& claim,
                                      const std::string& sealed) {
  ASSIGN_OR_RETURN(const std::string text,
                   Open(key, ContextOf(claim.organisation_id, claim.message_id), sealed));
  const json content = json::parse(text);
  ASSIGN_OR_RETURN(const Recipient recipient, Recipient::Parse(channel, content.at(0)));
  return Outgoing{claim.organisation_id, claim.message_id, recipient,
                  Text{content.at(1), content.at(2)}};
}

absl::Status CreditsExhausted() {
  return Refuse(v1::SMS_CREDITS_EXHAUSTED, "there are not enough SMS credits: purchase some");
}

void Settle(Transaction& tx, const Claim& claim, const Verdict& verdict) {
  const bool sent = verdict.state == MessageState::kSent;
  const auto entry =
      tx.Exec(kSettle, claim.organisation_id, claim.message_id, static_cast<int>(verdict.state),
              verdict.provider_id, verdict.failure, claim.attempts,
              static_cast<int>(sent ? EntryKind::kCharge : EntryKind::kRelease));
  if (entry.empty()) return;
  Count("gatehouse_credits_total", {{"kind", sent ? "charged" : "released"}},
        entry[0][0].as<double>());
}

}  // namespace

absl::StatusOr<Message> PostgresStore::Add(const NewMessage& message) {
  ASSIGN_OR_RETURN(Added added, AddAs(message, MessageState::kQueued));
  return std::move(added.message);
}

absl::StatusOr<Store::Added> PostgresStore::AddClaimed(const NewMessage& message) {
  return AddAs(message, MessageState::kSending);
}

absl::StatusOr<Store::Added> PostgresStore::AddAs(const NewMessage& message, MessageState state) {
  const std::string& organisation = message.organisation_id;
  const bool claimed = state == MessageState::kSending;
  const absl::Time begin = absl::Now();
  return postgres_.WriteOne(Rows::Of(organisation), [&](Transaction& tx) -> absl::StatusOr<Added> {
    try {
      const auto added =
          tx.Exec(kAdd, organisation, message.shown.message_id, message.request_id,
                  static_cast<int>(message.shown.channel), message.shown.template_name,
                  message.shown.masked_recipient, Bytes(SealOutgoing(key_, message.outgoing)),
                  message.shown.case_id, message.shown.segments, ToSql(message.expire_time),
                  static_cast<int>(EntryKind::kReservation), Call::Current().trace.Traceparent(),
                  static_cast<int>(state), claimed ? absl::ToDoubleSeconds(kLease) : 0.0);
      if (!added.empty()) {
        Count("gatehouse_credits_total", {{"kind", "reserved"}}, message.shown.segments);
        Added result = {MessageFrom(added[0]), std::nullopt};
        if (claimed) {
          result.claim = Claim{.organisation_id = organisation,
                               .message_id = message.shown.message_id,
                               .outgoing = message.outgoing,
                               .attempts = 1,
                               .trace = Call::Current().trace,
                               .create_time = result.message.create_time,
                               .held_until = begin + kLease};
        }
        return result;
      }
    } catch (const pqxx::check_violation&) {
      return CreditsExhausted();
    }
    const auto first = tx.Exec(kByRequest, organisation, message.request_id);
    if (first.empty()) return CreditsExhausted();
    return Added{MessageFrom(first[0]), std::nullopt};
  });
}

absl::StatusOr<std::optional<Claim>> PostgresStore::ClaimOne(Channel channel) {
  using Result = absl::StatusOr<std::optional<Claim>>;
  const absl::Time begin = absl::Now();
  return postgres_.WriteOne(Rows::OfAll(), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(kClaim, static_cast<int>(channel), absl::ToDoubleSeconds(kLease));
    if (rows.empty()) return std::nullopt;
    const pqxx::row row = rows[0];
    Claim claim;
    claim.organisation_id = row[0].c_str();
    claim.message_id = row[1].c_str();
    claim.attempts = row[3].as<int>();
    claim.unsure = row[4].as<bool>();
    claim.expired = row[5].as<bool>();
    claim.create_time = TimeFromSql(row[6]);
    claim.trace = ParseTraceparent(row[7].c_str()).value_or(Trace());
    claim.held_until = begin + kLease;
    auto outgoing = OpenOutgoing(key_, channel, claim, BytesFromSql(row[2]));
    if (outgoing.ok()) claim.outgoing = *std::move(outgoing);
    return claim;
  });
}

absl::StatusOr<Backlog> PostgresStore::LookAtBacklog(Channel channel) {
  return postgres_.Read(Rows::OfAll(), [&](Transaction& tx) -> absl::StatusOr<Backlog> {
    const auto row = tx.Exec(
        "SELECT count(*), coalesce(extract(epoch FROM now() - min(create_time)), 0) FROM message "
        "WHERE channel = $1 AND state IN (1, 2)",
        static_cast<int>(channel))[0];
    return Backlog{row[0].as<int64_t>(), absl::Seconds(row[1].as<double>())};
  });
}

absl::Status PostgresStore::Record(const Claim& claim, const Verdict& verdict) {
  return postgres_.WriteOne(Rows::Of(claim.organisation_id), [&](Transaction& tx) -> absl::Status {
    if (verdict.state == MessageState::kQueued) {
      tx.Exec(kPostpone, claim.organisation_id, claim.message_id,
              absl::ToDoubleSeconds(verdict.wait), verdict.unsure, claim.attempts);
    } else {
      Settle(tx, claim, verdict);
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<bool> PostgresStore::RecordFound(const Claim& claim,
                                                const std::vector<std::string>& provider_ids) {
  return postgres_.Write(
      Rows::Of(claim.organisation_id), [&](Transaction& tx) -> absl::StatusOr<bool> {
        tx.Exec(kLockAccount, claim.organisation_id);
        const auto free =
            tx.Exec(kFirstFree, claim.organisation_id, claim.message_id, json(provider_ids).dump());
        if (free.empty()) return false;
        Settle(tx, claim, {.state = MessageState::kSent, .provider_id = free[0][0].c_str()});
        return true;
      });
}

absl::StatusOr<std::vector<Message>> PostgresStore::ListMessages(const std::string& organisation_id,
                                                                 const std::string& case_id,
                                                                 const Page& page) {
  // Two statements, since a plan for both could use neither's index.
  constexpr char kAll[] = "SELECT " MESSAGE
                          " FROM message WHERE organisation_id = $1 "
                          "AND message_id < $2 ORDER BY message_id DESC LIMIT $3";
  constexpr char kOfCase[] =
      "SELECT " MESSAGE
      " FROM message WHERE organisation_id = $1 "
      "AND message_id < $2 AND case_id = $4 ORDER BY message_id DESC LIMIT $3";
  using Result = absl::StatusOr<std::vector<Message>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Message> messages;
    const std::string below = page.Below("msg");
    for (const auto& row : case_id.empty()
                               ? tx.Exec(kAll, organisation_id, below, page.limit())
                               : tx.Exec(kOfCase, organisation_id, below, page.limit(), case_id)) {
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
                 "AND request_id IN (SELECT jsonb_array_elements_text($2::jsonb))",
                 organisation_id, json(request_ids).dump())) {
      states[row[0].c_str()] = static_cast<MessageState>(row[1].as<int>());
    }
    return states;
  });
}

}  // namespace gatehouse::notification
