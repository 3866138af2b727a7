#pragma once

#include "services/common/postgres/postgres.h"
#include "services/notification/domain/store.h"

namespace gatehouse::notification {

// The columns that MessageFrom() reads, and where they are: of a message that waits its job says
// whether it is being sent right now, by an attempt that nothing is recorded of yet.
inline constexpr char kMessage[] =
    "m.message_id, channel, template, masked_recipient, segments, case_id, m.failure, send_time, "
    "template_id, template_version, "
    "m.create_time, greatest(m.attempts, job.attempts) AS attempts, "
    "CASE WHEN state = 1 AND job.attempts > m.attempts THEN 2 ELSE state END AS state, "
    "told.delivery, told.receive_time AS delivery_time, told.failure AS delivery_failure";
inline constexpr char kMessages[] =
    "message AS m LEFT JOIN job ON job.number = m.job_number AND state = 1 "
    "LEFT JOIN LATERAL (SELECT delivery, receive_time, failure FROM message_receipt "
    "WHERE organisation_id = m.organisation_id AND message_id = m.message_id "
    "ORDER BY delivery DESC LIMIT 1) AS told ON m.channel = 2";

Message MessageFrom(const pqxx::row& row);

// Settles a claimed message as Store::Record() says, within a transaction.
void Settle(Transaction& tx, const Claim& claim, const Verdict& verdict);

}  // namespace gatehouse::notification
