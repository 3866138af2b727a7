#include "services/notification/store/postgres_store.h"

#include <nlohmann/json.hpp>

#include "services/common/observe/metrics.h"
#include "services/common/postgres/sql.h"
#include "services/notification/store/message_row.h"

namespace gatehouse::notification {
namespace {

using nlohmann::json;

// Settles a message that waits, and adds the ledger's line; neither where it is settled. What was
// sent was sent, whoever says so; anything else only the last claim may say. An SMS (there is a
// line in the ledger) need not wait for the disk: should the server lose this, the claim runs out,
// and the provider is asked after the message before it is sent again.
constexpr char kSettle[] = R"sql(
  WITH settled AS (
    UPDATE message SET state = $3::integer, provider_id = $4, failure = $5,
                       attempts = greatest(attempts, $6),
                       send_time = CASE WHEN $3::integer = 3 THEN clock_timestamp() END
    WHERE organisation_id = $1 AND message_id = $2 AND state = 1
      AND ($3::integer = 3 OR EXISTS (SELECT FROM job WHERE number = $8 AND job.attempts = $6))
    RETURNING CASE WHEN $3::integer = 3 THEN 0 ELSE segments END AS released, segments
  ), account AS (
    UPDATE credit_account SET balance = balance + released, entry_number = entry_number + 1
    FROM settled WHERE organisation_id = $1 AND segments > 0
    RETURNING balance, entry_number, released, segments)
  INSERT INTO credit_entry (organisation_id, entry_number, kind, credits, balance, reference)
  SELECT $1, entry_number, $7::integer, released, balance, $2 FROM account
  RETURNING (SELECT segments FROM account) AS segments,
            set_config('synchronous_commit', 'off', true))sql";

constexpr char kPostpone[] = R"sql(
  UPDATE message SET attempts = $3, unsure_time = CASE WHEN $4 THEN clock_timestamp() END
  WHERE organisation_id = $1 AND message_id = $2 AND state = 1
    AND EXISTS (SELECT FROM job WHERE number = $5 AND job.attempts = $3))sql";

// The account's row is the lock: of two messages that were lost at once, each takes an id of its
// own.
constexpr char kLockAccount[] = "SELECT FROM credit_account WHERE organisation_id = $1 FOR UPDATE";
constexpr char kFirstFree[] = R"sql(
  SELECT id FROM jsonb_array_elements_text($3::jsonb) WITH ORDINALITY AS found (id, place)
  WHERE id <> '' AND NOT EXISTS (
    SELECT FROM message WHERE organisation_id = $1 AND message_id <> $2
      AND provider_id <> '' AND provider_id = id)
  ORDER BY place LIMIT 1)sql";

}  // namespace

void Settle(Transaction& tx, const Claim& claim, const Verdict& verdict) {
  const bool sent = verdict.state == MessageState::kSent;
  const auto entry =
      tx.Exec(kSettle, claim.organisation_id, claim.message_id, static_cast<int>(verdict.state),
              verdict.provider_id, verdict.failure, claim.attempts,
              static_cast<int>(sent ? EntryKind::kCharge : EntryKind::kRelease), claim.job_number);
  if (entry.empty()) return;
  Count("gatehouse_credits_total", {{"kind", sent ? "charged" : "released"}},
        entry[0]["segments"].as<double>());
}

absl::StatusOr<Standing> PostgresStore::Look(const std::string& organisation_id,
                                             const std::string& message_id) {
  const Rows mine = Rows::Of(organisation_id);
  return postgres_.Read(mine, [&](Transaction& tx) -> absl::StatusOr<Standing> {
    const auto rows = tx.Exec(
        "SELECT state, attempts, extract(epoch FROM clock_timestamp() - unsure_time) AS unsure_for "
        "FROM message WHERE organisation_id = $1 AND message_id = $2",
        organisation_id, message_id);
    if (rows.empty()) return Standing{.waits = false};
    const pqxx::row row = rows[0];
    Standing standing = {.waits = row["state"].as<int>() == static_cast<int>(MessageState::kQueued),
                         .attempts = row["attempts"].as<int>()};
    if (!row["unsure_for"].is_null()) {
      standing.unsure_for = absl::Seconds(row["unsure_for"].as<double>());
    }
    return standing;
  });
}

absl::Status PostgresStore::Record(const Claim& claim, const Verdict& verdict) {
  return postgres_.WriteOne(Rows::Of(claim.organisation_id), [&](Transaction& tx) -> absl::Status {
    if (verdict.state == MessageState::kQueued) {
      tx.Exec(kPostpone, claim.organisation_id, claim.message_id, claim.attempts, verdict.unsure,
              claim.job_number);
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
        Settle(tx, claim, {.state = MessageState::kSent, .provider_id = free[0]["id"].c_str()});
        return true;
      });
}

absl::StatusOr<std::vector<Message>> PostgresStore::ListMessages(const std::string& organisation_id,
                                                                 const std::string& case_id,
                                                                 const Page& page) {
  // Two statements, since a plan for both could use neither's index.
  static constexpr auto kAll = Sql("SELECT ", kMessage, " FROM ", kMessages,
                                   " WHERE m.organisation_id = $1 "
                                   "AND message_id < $2 ORDER BY message_id DESC LIMIT $3");
  static constexpr auto kOfCase = Sql("SELECT ", kMessage, " FROM ", kMessages,
                                      " WHERE m.organisation_id = $1 "
                                      "AND message_id < $2 AND case_id = $4 "
                                      "ORDER BY message_id DESC LIMIT $3");
  using Result = absl::StatusOr<std::vector<Message>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Message> messages;
    const std::string below = page.Below("msg");
    for (const auto& row :
         case_id.empty()
             ? tx.Exec(kAll.c_str(), organisation_id, below, page.limit())
             : tx.Exec(kOfCase.c_str(), organisation_id, below, page.limit(), case_id)) {
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
      states[row["request_id"].c_str()] = static_cast<MessageState>(row["state"].as<int>());
    }
    return states;
  });
}

}  // namespace gatehouse::notification
