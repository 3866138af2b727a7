#include "services/notification/mailboxes/store/postgres_mailboxes.h"

#include "absl/strings/ascii.h"
#include "gatehouse/notification/v1/events.pb.h"
#include "services/common/base/caller.h"
#include "services/common/base/crypto.h"
#include "services/common/jobs/events.h"
#include "services/common/text/address.h"

namespace gatehouse::notification {
namespace {

constexpr absl::Duration kTrailPatience = absl::Milliseconds(300);

constexpr char kFind[] =
    "SELECT refuse_time FROM dead_mailbox WHERE organisation_id = $1 AND address_hash = $2";

constexpr char kBury[] =
    "INSERT INTO dead_mailbox (organisation_id, address_hash) VALUES ($1, $2) "
    "ON CONFLICT (organisation_id, address_hash) DO UPDATE SET refuse_time = clock_timestamp()";

constexpr char kRevive[] =
    "DELETE FROM dead_mailbox WHERE organisation_id = $1 AND address_hash = $2 "
    "RETURNING address_hash";

}  // namespace

std::string PostgresMailboxes::Hashed(const std::string& email) const {
  const std::string address = absl::AsciiStrToLower(NormalisedEmail(email));
  return Hex(HmacSha256(key_.Reveal(), address)).substr(0, 32);
}

absl::StatusOr<std::optional<absl::Time>> PostgresMailboxes::DeadSince(
    const std::string& organisation_id, const std::string& email) {
  using Result = absl::StatusOr<std::optional<absl::Time>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(kFind, organisation_id, Hashed(email));
    if (rows.empty()) return std::nullopt;
    return TimeFromSql(rows[0]["refuse_time"]);
  });
}

absl::Status PostgresMailboxes::Bury(const std::string& organisation_id, const std::string& email) {
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) {
    tx.Exec(kBury, organisation_id, Hashed(email));
    return absl::OkStatus();
  });
}

absl::Status PostgresMailboxes::Revive(const std::string& organisation_id,
                                       const std::string& email) {
  const std::string hash = Hashed(email);
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) {
    if (tx.Exec(kRevive, organisation_id, hash).empty()) return absl::OkStatus();
    v1::MailboxRevived revived;
    revived.set_to(MaskEmail(email));
    OutboxCalls calls(organisation_id);
    AddToTrail(revived, {.subject_id = hash, .case_id = ""}, Call::Current(), calls);
    trail_.Add(tx, std::move(calls), kTrailPatience);
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::notification
