#include "services/notification/sandbox/store/postgres_inbox.h"
#include "services/common/postgres/sql.h"

namespace gatehouse::notification {
namespace {

constexpr auto Inbox(const auto& of) {
  return Sql(
      "SELECT message_id, channel, recipient, subject, body, html, arrive_time "
      "FROM sandbox_message WHERE organisation_id = $1 AND message_id < $2 ",
      of, "AND arrive_time <= clock_timestamp() ORDER BY message_id DESC LIMIT $3");
}

// Two statements, so that each walks its own index.
constexpr auto kInbox = Inbox("");
constexpr auto kInboxOfOne = Inbox("AND recipient = $4 ");

}  // namespace

absl::Status PostgresInbox::Keep(const Outgoing& message, Channel channel, absl::Duration delay) {
  return postgres_.WriteOne(
      Rows::Of(message.organisation_id), [&](Transaction& tx) -> absl::Status {
        tx.Exec(
            "INSERT INTO sandbox_message (organisation_id, message_id, channel, recipient, "
            "subject, body, html, arrive_time) VALUES ($1, $2, $3, $4, $5, $6, $7, "
            "clock_timestamp() + make_interval(secs => $8)) ON CONFLICT DO NOTHING",
            message.organisation_id, message.message_id, static_cast<int>(channel),
            message.recipient.text(), message.text.subject, message.text.body, message.text.html,
            absl::ToDoubleSeconds(delay));
        return absl::OkStatus();
      });
}

absl::StatusOr<std::vector<SandboxMessage>> PostgresInbox::List(const std::string& organisation_id,
                                                                const std::string& recipient,
                                                                const Page& page) {
  using Result = absl::StatusOr<std::vector<SandboxMessage>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const std::string below = page.Below("msg");
    const auto rows =
        recipient.empty()
            ? tx.Exec(kInbox.c_str(), organisation_id, below, page.limit())
            : tx.Exec(kInboxOfOne.c_str(), organisation_id, below, page.limit(), recipient);
    std::vector<SandboxMessage> messages;
    for (const auto& row : rows) {
      messages.push_back(
          {.message_id = row["message_id"].c_str(),
           .channel = static_cast<Channel>(row["channel"].as<int>()),
           .recipient = row["recipient"].c_str(),
           .text = {row["subject"].c_str(), row["body"].c_str(), row["html"].c_str()},
           .arrive_time = TimeFromSql(row["arrive_time"])});
    }
    return messages;
  });
}

}  // namespace gatehouse::notification
