#include "services/notification/store/message_queue.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/caller.h"
#include "services/common/observe/metrics.h"
#include "services/common/postgres/sql.h"
#include "services/notification/store/message_row.h"

namespace gatehouse::notification {
namespace {

using nlohmann::json;

// The message and its reservation in one statement, and never one without the other. No row comes
// back where the request_id is known or credits are missing; where somebody else took the last
// credit meanwhile, the balance's CHECK undoes all of it.
constexpr char kAdd[] = R"sql(
  WITH added AS (
    INSERT INTO message (organisation_id, message_id, request_id, channel, template,
                         masked_recipient, case_id, segments, expire_time, topic, job_number,
                         template_id, template_version)
    SELECT $1, $2, $3, $4::integer, $5, $6, $7, $8::integer, $9::timestamptz, $11, $12,
      $13, $14::bigint
    WHERE $8::integer = 0 OR EXISTS (SELECT FROM credit_account
      WHERE organisation_id = $1 AND balance >= $8::integer)
    ON CONFLICT (organisation_id, request_id) DO NOTHING RETURNING create_time
  ), account AS (
    UPDATE credit_account SET balance = balance - $8::integer, entry_number = entry_number + 1,
      low_entry = CASE WHEN low_entry IS NULL AND balance - $8::integer < low_balance
                       THEN entry_number + 1 ELSE low_entry END
    WHERE organisation_id = $1 AND $8::integer > 0 AND EXISTS (SELECT FROM added)
    RETURNING balance, entry_number, low_balance, low_entry
  ), entry AS (
    INSERT INTO credit_entry (organisation_id, entry_number, kind, credits, balance, reference)
    SELECT $1, entry_number, $10::integer, -$8::integer, balance, $2 FROM account
  ) SELECT create_time, $11 <> '' AND EXISTS (
      SELECT FROM message WHERE organisation_id = $1 AND topic = $11 AND topic <> ''
        AND state = 1 AND request_id <> $3) AS another_waits,
      balance, low_balance, entry_number, coalesce(low_entry = entry_number, false) AS fell
    FROM added LEFT JOIN account ON true)sql";

constexpr auto kByRequest = Sql("SELECT ", kMessage, " FROM ", kMessages,
                                " WHERE m.organisation_id = $1 AND request_id = $2");

// Those that wait under a topic. `under_way`: an attempt is being made; `unsure`: one may have
// been taken.
constexpr char kWaiting[] = R"sql(
  SELECT message_id, job_number, job.attempts AS attempts, job.attempts > m.attempts AS under_way,
         unsure_time IS NOT NULL AS unsure
  FROM message AS m JOIN job ON job.number = m.job_number
  WHERE m.organisation_id = $1 AND topic = $2 AND topic <> '' AND state = 1 AND request_id <> $3
  FOR UPDATE OF job)sql";

constexpr char kEnd[] = "DELETE FROM job WHERE number = $1";
constexpr char kExpire[] =
    "UPDATE job SET expire_time = least(expire_time, clock_timestamp()) WHERE number = $1";

absl::Status CreditsExhausted() {
  return Refuse(v1::SMS_CREDITS_EXHAUSTED, "there are not enough SMS credits: purchase some");
}

// Gives up what waits under the message's topic, as far as nothing of it can have left. Whatever
// may have is settled by whoever has it: it is not sent any more.
void Supersede(Transaction& tx, const NewMessage& message) {
  const std::string& organisation = message.organisation_id;
  for (const auto& row : tx.Exec(kWaiting, organisation, message.topic, message.request_id)) {
    const auto job_number = row["job_number"].as<int64_t>();
    if (row["under_way"].as<bool>() || row["unsure"].as<bool>()) {
      tx.Exec(kExpire, job_number);
      continue;
    }
    Settle(tx,
           {.organisation_id = organisation,
            .message_id = row["message_id"].c_str(),
            .job_number = job_number,
            .attempts = row["attempts"].as<int>()},
           {.state = MessageState::kExpired});
    tx.Exec(kEnd, job_number);
  }
}

// Whether it is kept.
bool Keep(Transaction& tx, const NewMessage& message, int64_t job_number, absl::Time& create_time,
          std::optional<LowBalance>& low) {
  const auto add = [&] {
    return tx.Exec(kAdd, message.organisation_id, message.shown.message_id, message.request_id,
                   static_cast<int>(message.shown.channel), message.shown.template_name,
                   message.shown.masked_recipient, message.shown.case_id, message.shown.segments,
                   ToSql(message.expire_time), static_cast<int>(EntryKind::kReservation),
                   message.topic, job_number, message.shown.template_id,
                   message.shown.template_version);
  };
  auto added = add();
  const bool again = added.empty() && !message.topic.empty();
  if (again || (!added.empty() && added[0]["another_waits"].as<bool>())) Supersede(tx, message);
  // What was given up may have been worth a credit.
  if (again) added = add();
  if (added.empty()) return false;
  create_time = TimeFromSql(added[0]["create_time"]);
  if (added[0]["fell"].as<bool>()) {
    low = {message.organisation_id, added[0]["balance"].as<int64_t>(),
           added[0]["low_balance"].as<int64_t>(), added[0]["entry_number"].as<int64_t>()};
  }
  return true;
}

}  // namespace

std::string LaneOf(Channel channel) { return channel == Channel::kSms ? "sms" : "email"; }

std::string JobIdOf(const std::string& organisation_id, const std::string& message_id) {
  return absl::StrCat(organisation_id, "/", message_id);
}

std::string PayloadOf(const Outgoing& message) {
  const Text& text = message.text;
  return json({message.recipient.text(), text.subject, text.body, text.html,
               text.attachment.content_type, text.attachment.name, text.attachment.data,
               message.unpaid ? "unpaid" : "", message.from_name})
      .dump();
}

Claim ClaimFrom(const Job& job, Channel channel) {
  Claim claim = {.organisation_id = job.organisation_id,
                 .message_id = job.id.substr(job.organisation_id.size() + 1),
                 .job_number = job.number,
                 .attempts = job.attempts,
                 .failures = job.failures,
                 .create_time = job.create_time,
                 .expire_time = job.expire_time,
                 .held_until = job.held_until};
  if (!job.readable) return claim;
  const json content = json::parse(job.payload);
  const auto recipient = Recipient::Parse(channel, content.at(0));
  if (!recipient.ok()) return claim;
  // An older version's has no HTML, no attachment, or no name.
  const auto at = [&](size_t i) -> std::string { return content.size() > i ? content.at(i) : ""; };
  claim.outgoing = Outgoing{claim.organisation_id,
                            claim.message_id,
                            *recipient,
                            Text{content.at(1), content.at(2), at(3), {at(4), at(5), at(6)}},
                            !at(7).empty(),
                            at(8)};
  return claim;
}

absl::StatusOr<Message> MessageQueue::Submit(const NewMessage& message) {
  const Rows mine = Rows::Of(message.organisation_id);
  auto kept = postgres_.Write(mine, [&](Transaction& tx) { return SubmitIn(tx, message); });
  if (!absl::IsAlreadyExists(kept.status())) return kept;
  return postgres_.Read(mine, [&](Transaction& tx) -> absl::StatusOr<Message> {
    const auto first = tx.Exec(kByRequest.c_str(), message.organisation_id, message.request_id);
    if (first.empty()) return CreditsExhausted();
    return MessageFrom(first[0]);
  });
}

// ALREADY_EXISTS where it is not kept: it is known, or cannot be paid. Then all is rolled back.
absl::StatusOr<Message> MessageQueue::SubmitIn(Transaction& tx, const NewMessage& message) {
  const std::vector<int64_t> numbers =
      jobs_.Add(tx, {{.organisation_id = message.organisation_id,
                      .lane = LaneOf(message.shown.channel),
                      .kind = "message",
                      .id = JobIdOf(message.organisation_id, message.shown.message_id),
                      .payload = PayloadOf(message.outgoing),
                      .priority = message.urgent ? JobPriority::kUrgent : JobPriority::kNormal,
                      .expire_time = message.expire_time,
                      .traceparent = Call::Current().trace.Traceparent()}});
  Message kept = message.shown;
  std::optional<LowBalance> low;
  try {
    if (!Keep(tx, message, numbers.at(0), kept.create_time, low)) {
      return absl::AlreadyExistsError("");
    }
  } catch (const pqxx::check_violation&) {
    return CreditsExhausted();
  }
  if (low.has_value()) RETURN_IF_ERROR(watch_.Tell(*low));
  if (absl::Now() >= Call::Current().deadline) {
    return absl::DeadlineExceededError("nobody waits for this message any more");
  }
  tx.AfterCommit([segments = kept.segments] {
    Count("gatehouse_credits_total", {{"kind", "reserved"}}, segments);
  });
  return kept;
}

}  // namespace gatehouse::notification
