#include "services/notification/conversations/store/postgres_conversations.h"

#include <algorithm>

#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/postgres/arrays.h"
#include "services/common/postgres/sql.h"

namespace gatehouse::notification {
namespace {

// Messages of one case come one after the other: so that there are never more than there may be.
constexpr char kLock[] =
    "SELECT pg_advisory_xact_lock(hashtextextended('conversation:' || $1::text || '/' || $2::text, "
    "0))";
// How many there are; of the contact within the last hour; and when the first of these is older.
constexpr char kCount[] =
    "SELECT count(*) AS n, count(*) FILTER (WHERE lately) AS lately, "
    "coalesce(extract(epoch FROM min(create_time) FILTER (WHERE lately) + interval '1 hour' "
    "- clock_timestamp()), 0) AS wait "
    "FROM (SELECT create_time, contact_id = $3 AND contact_id <> '' "
    "      AND create_time > clock_timestamp() - interval '1 hour' AS lately "
    "      FROM conversation_message WHERE organisation_id = $1 AND case_id = $2) AS message";
constexpr char kAdd[] = R"sql(
  INSERT INTO conversation_message (organisation_id, message_id, case_id, contact_id, author_id,
                                    author_name, text)
  VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING create_time)sql";
constexpr char kAddRecipients[] = R"sql(
  INSERT INTO conversation_recipient (organisation_id, message_id, place, contact_id, text)
  SELECT $1, $2, place, contact_id, text FROM unnest($3::text[], $4::text[])
    WITH ORDINALITY AS named (contact_id, text, place))sql";

// What a reader may see: staff all of a case, a contact what it wrote and what was written to it.
constexpr char kSeen[] =
    "m.organisation_id = $1 AND m.case_id = $2 AND ($3 = '' OR m.contact_id = $3 OR EXISTS ("
    "SELECT FROM conversation_recipient AS r WHERE r.organisation_id = $1 "
    "AND r.message_id = m.message_id AND r.contact_id = $3))";
constexpr auto kList =
    Sql("SELECT m.message_id, m.contact_id, m.author_id, m.author_name, m.text, m.create_time "
        "FROM conversation_message AS m WHERE ",
        kSeen, " AND m.message_id < $4 ORDER BY m.message_id DESC LIMIT $5");
constexpr auto kSees =
    Sql("SELECT 1 FROM conversation_message AS m WHERE ", kSeen, " AND m.message_id = $4");
// What staff wrote staff need not read, nor a client what it wrote itself.
constexpr auto kMark =
    Sql("INSERT INTO conversation_read (organisation_id, message_id, reader_id, contact_id, "
        "reader_name) SELECT $1, m.message_id, $5, $3, $6 FROM conversation_message AS m WHERE ",
        kSeen,
        " AND m.message_id <= $4 AND ($3 = '') <> (m.contact_id = '') "
        "ON CONFLICT DO NOTHING");
constexpr char kRecipients[] =
    "SELECT message_id, contact_id, text FROM conversation_recipient "
    "WHERE organisation_id = $1 AND message_id = ANY ($2::text[]) ORDER BY message_id, place";
constexpr char kReads[] =
    "SELECT message_id, contact_id, reader_id, reader_name, read_time FROM conversation_read "
    "WHERE organisation_id = $1 AND message_id = ANY ($2::text[]) ORDER BY message_id, read_time";

std::vector<ConversationMessage> From(const pqxx::result& rows, const std::string& case_id) {
  std::vector<ConversationMessage> messages;
  for (const auto& row : rows) {
    messages.push_back({.message_id = row["message_id"].c_str(),
                        .case_id = case_id,
                        .contact_id = row["contact_id"].c_str(),
                        .author_id = row["author_id"].c_str(),
                        .author_name = row["author_name"].c_str(),
                        .text = row["text"].c_str(),
                        .create_time = TimeFromSql(row["create_time"])});
  }
  return messages;
}

}  // namespace

absl::StatusOr<absl::Time> PostgresConversations::Add(const std::string& organisation_id,
                                                      const ConversationMessage& message) {
  using Result = absl::StatusOr<absl::Time>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    tx.Exec(kLock, organisation_id, message.case_id);
    const auto count = tx.Exec(kCount, organisation_id, message.case_id, message.contact_id);
    if (count[0]["n"].as<int>() >= kConversationMax) {
      return Refuse(v1::CONVERSATION_FULL, "this case has as many messages as it may");
    }
    if (count[0]["lately"].as<int>() >= kRepliesMax) {
      return RefuseUntil(v1::TOO_MANY_MESSAGES, "too many messages within an hour",
                         absl::Seconds(std::max(count[0]["wait"].as<double>(), 1.0)));
    }
    const auto added =
        tx.Exec(kAdd, organisation_id, message.message_id, message.case_id, message.contact_id,
                message.author_id, message.author_name, message.text);
    std::vector<std::string> ids, texts;
    for (const MessageRecipient& recipient : message.recipients) {
      ids.push_back(recipient.contact_id);
      texts.push_back(recipient.text);
    }
    tx.Exec(kAddRecipients, organisation_id, message.message_id, SqlArray(ids), SqlArray(texts));
    return TimeFromSql(added[0]["create_time"]);
  });
}

absl::StatusOr<std::vector<ConversationMessage>> PostgresConversations::List(
    const std::string& organisation_id, const Reader& reader, const Page& page) {
  using Result = absl::StatusOr<std::vector<ConversationMessage>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    auto messages = From(tx.Exec(kList.c_str(), organisation_id, reader.case_id, reader.contact_id,
                                 page.Below("cvm"), page.limit()),
                         reader.case_id);
    std::vector<std::string> ids;
    std::map<std::string, ConversationMessage*> by_id;
    for (ConversationMessage& message : messages) {
      ids.push_back(message.message_id);
      by_id[message.message_id] = &message;
    }
    if (ids.empty()) return messages;
    for (const auto& row : tx.Exec(kRecipients, organisation_id, SqlArray(ids))) {
      by_id[row["message_id"].c_str()]->recipients.push_back(
          {.contact_id = row["contact_id"].c_str(), .text = row["text"].c_str()});
    }
    for (const auto& row : tx.Exec(kReads, organisation_id, SqlArray(ids))) {
      by_id[row["message_id"].c_str()]->reads.push_back({.contact_id = row["contact_id"].c_str(),
                                                         .reader_id = row["reader_id"].c_str(),
                                                         .reader_name = row["reader_name"].c_str(),
                                                         .time = TimeFromSql(row["read_time"])});
    }
    return messages;
  });
}

absl::Status PostgresConversations::MarkRead(const std::string& organisation_id,
                                             const Reader& reader, const std::string& message_id) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    if (tx.Exec(kSees.c_str(), organisation_id, reader.case_id, reader.contact_id, message_id)
            .empty()) {
      return Refuse(common::v1::NOT_FOUND, "there is no such message in this conversation");
    }
    tx.Exec(kMark.c_str(), organisation_id, reader.case_id, reader.contact_id, message_id,
            reader.reader_id, reader.reader_name);
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::notification
