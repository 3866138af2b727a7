#include "services/notification/store/message_row.h"

namespace gatehouse::notification {

Message MessageFrom(const pqxx::row& row) {
  Message message;
  message.message_id = row["message_id"].c_str();
  message.channel = static_cast<Channel>(row["channel"].as<int>());
  message.template_name = row["template"].c_str();
  message.masked_recipient = row["masked_recipient"].c_str();
  message.state = static_cast<MessageState>(row["state"].as<int>());
  message.segments = row["segments"].as<int>();
  message.attempts = row["attempts"].as<int>();
  message.case_id = row["case_id"].c_str();
  message.failure = row["failure"].c_str();
  message.template_id = row["template_id"].c_str();
  message.template_version = row["template_version"].as<int64_t>();
  message.create_time = TimeFromSql(row["create_time"]);
  if (!row["send_time"].is_null()) message.send_time = TimeFromSql(row["send_time"]);
  if (row["delivery"].is_null()) return message;
  message.delivery = static_cast<ReceiptState>(row["delivery"].as<int>());
  message.delivery_time = TimeFromSql(row["delivery_time"]);
  message.delivery_failure = row["delivery_failure"].c_str();
  return message;
}

}  // namespace gatehouse::notification
