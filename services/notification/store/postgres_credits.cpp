#include "services/common/observe/metrics.h"
#include "services/notification/store/postgres_store.h"

namespace gatehouse::notification {
namespace {

// Adds a line to the ledger. The account's row is the lock under which the lines get their numbers.
constexpr char kPurchase[] = R"sql(
  WITH account AS (
    UPDATE credit_account SET balance = balance + $3, entry_number = entry_number + 1,
      low_entry = CASE WHEN balance + $3 < low_balance THEN low_entry END
    WHERE organisation_id = $1
    RETURNING balance, entry_number)
  INSERT INTO credit_entry (organisation_id, entry_number, kind, credits, balance, reference)
  SELECT $1, entry_number, $2, $3, balance, $4 FROM account
  RETURNING balance)sql";

constexpr char kSetLow[] = R"sql(
  INSERT INTO credit_account AS old (organisation_id, balance, entry_number, low_balance)
  VALUES ($1, 0, 0, $2)
  ON CONFLICT (organisation_id) DO UPDATE SET
    low_balance = $2, low_entry = CASE WHEN old.balance < $2 THEN old.low_entry END)sql";

}  // namespace

absl::Status PostgresStore::SetLowBalance(const std::string& organisation_id, int64_t low_balance) {
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(kSetLow, organisation_id, low_balance);
    return absl::OkStatus();
  });
}

absl::StatusOr<int64_t> PostgresStore::Balance(const std::string& organisation_id) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<int64_t> {
    const auto rows =
        tx.Exec("SELECT balance FROM credit_account WHERE organisation_id = $1", organisation_id);
    return rows.empty() ? 0 : rows[0]["balance"].as<int64_t>();
  });
}

absl::StatusOr<int64_t> PostgresStore::Purchase(const std::string& organisation_id, int64_t credits,
                                                const std::string& reference) {
  const int kind = static_cast<int>(EntryKind::kPurchase);
  bool bought = false;
  auto balance =
      postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<int64_t> {
        // The account's row first: whoever buys under the same reference waits here.
        const auto account = tx.Exec(
            "INSERT INTO credit_account AS old VALUES ($1, 0, 0) ON CONFLICT (organisation_id) "
            "DO UPDATE SET balance = old.balance RETURNING balance",
            organisation_id);
        const auto first = tx.Exec(
            "SELECT FROM credit_entry WHERE organisation_id = $1 AND kind = $2 AND reference = $3",
            organisation_id, kind, reference);
        bought = first.empty();
        if (!bought) return account[0]["balance"].as<int64_t>();
        return tx.Exec(kPurchase, organisation_id, kind, credits, reference)[0]["balance"]
            .as<int64_t>();
      });
  if (balance.ok() && bought) {
    Count("gatehouse_credits_total", {{"kind", "purchased"}}, static_cast<double>(credits));
  }
  return balance;
}

absl::StatusOr<std::vector<Entry>> PostgresStore::ListEntries(const std::string& organisation_id,
                                                              const Page& page) {
  using Result = absl::StatusOr<std::vector<Entry>>;
  ASSIGN_OR_RETURN(const int64_t below, page.Below());
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Entry> entries;
    for (const auto& row :
         tx.Exec("SELECT entry_number, kind, credits, balance, reference, create_time "
                 "FROM credit_entry WHERE organisation_id = $1 "
                 "AND entry_number < $2 ORDER BY entry_number DESC LIMIT $3",
                 organisation_id, below, page.limit())) {
      entries.push_back({.number = row["entry_number"].as<int64_t>(),
                         .kind = static_cast<EntryKind>(row["kind"].as<int>()),
                         .credits = row["credits"].as<int64_t>(),
                         .balance = row["balance"].as<int64_t>(),
                         .reference = row["reference"].c_str(),
                         .create_time = TimeFromSql(row["create_time"])});
    }
    return entries;
  });
}

}  // namespace gatehouse::notification
