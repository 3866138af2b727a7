#include "services/identity/store/failures.h"

#include "absl/strings/str_cat.h"
#include "services/common/base/status.h"
#include "services/identity/domain/challenges.h"
#include "services/identity/domain/lockout.h"

namespace gatehouse::identity {
namespace {

constexpr absl::string_view kCount =
    "INSERT INTO factor AS f (organisation_id, account_id, factor_id, failures) "
    "VALUES ($1, $2, $3, 1) ON CONFLICT (organisation_id, account_id, factor_id) "
    "DO UPDATE SET failures = f.failures + 1, failure_time = clock_timestamp() ";
const std::string kCountFailure = absl::StrCat(kCount, "RETURNING failures");
const std::string kCountTry = absl::StrCat(
    kCount, "WHERE NOT f.disabled AND f.locked_until <= clock_timestamp() RETURNING failures");

void LockAfter(Transaction& tx, const FactorKey& key, int failures) {
  const Lockout lockout = LockoutAfter(failures);
  if (!lockout.disabled && lockout.wait == absl::ZeroDuration()) return;
  tx.Exec(
      "UPDATE factor SET disabled = disabled OR $4, "
      "locked_until = clock_timestamp() + make_interval(secs => $5) "
      "WHERE organisation_id = $1 AND account_id = $2 AND factor_id = $3",
      key.organisation_id, key.account_id, key.factor_id, lockout.disabled,
      absl::ToDoubleSeconds(lockout.wait));
}

}  // namespace

void CountFailure(Transaction& tx, const FactorKey& key) {
  const auto counted =
      tx.Exec(kCountFailure.c_str(), key.organisation_id, key.account_id, key.factor_id);
  LockAfter(tx, key, counted[0]["failures"].as<int>());
}

// Of tries at once each waits at the row for the one before, and sees the lock that it brought.
absl::Status CountTry(Transaction& tx, const FactorKey& key) {
  const auto counted =
      tx.Exec(kCountTry.c_str(), key.organisation_id, key.account_id, key.factor_id);
  if (!counted.empty()) {
    LockAfter(tx, key, counted[0]["failures"].as<int>());
    return absl::OkStatus();
  }
  const auto found = tx.Exec(
      "SELECT disabled, locked_until, clock_timestamp() AS now FROM factor "
      "WHERE organisation_id = $1 AND account_id = $2 AND factor_id = $3",
      key.organisation_id, key.account_id, key.factor_id)[0];
  const FactorState state = {TimeFromSql(found["locked_until"]), found["disabled"].as<bool>()};
  return LockedUntil(state, TimeFromSql(found["now"]));
}

}  // namespace gatehouse::identity
