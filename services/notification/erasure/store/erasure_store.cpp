#include "services/notification/erasure/store/erasure_store.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "services/common/base/crypto.h"
#include "services/common/postgres/arrays.h"
#include "services/common/postgres/sql.h"
#include "services/common/text/address.h"
#include "services/notification/store/message_queue.h"
#include "services/notification/store/message_row.h"

namespace gatehouse::notification {
namespace {

using common::v1::EraseContactResponse;
using common::v1::Subject;

constexpr int kPage = 500;

// Of both channels: what waits, and which case it is about.
constexpr char kWaiting[] = R"sql(
  SELECT job.number, job.lane, job.id, job.payload, job.attempts, m.message_id, m.case_id
  FROM job JOIN message AS m ON m.organisation_id = job.organisation_id
    AND job.id = m.organisation_id || '/' || m.message_id
  WHERE job.organisation_id = $1 AND job.kind = 'message' AND job.number > $2
  ORDER BY job.number LIMIT $3 FOR UPDATE OF job)sql";
constexpr char kEnd[] = "DELETE FROM job WHERE number = $1";
constexpr char kForget[] = "DELETE FROM message WHERE organisation_id = $1 AND message_id = $2";

// $1 is the organisation and $2 the cases, $3 what recipients look like in the log: two who look
// alike there are told apart by nobody, and a row of the log is no message. What waits has gone
// before, by its recipient.
constexpr char kOfCases[] = " organisation_id = $1 AND case_id = ANY ($2::text[]) ";
constexpr auto kLogged = Sql("DELETE FROM message WHERE", kOfCases,
                             "AND masked_recipient = ANY ($3::text[]) AND state <> 1");

// $3 is the contact.
constexpr auto kWritten =
    Sql("DELETE FROM conversation_message WHERE", kOfCases, "AND contact_id = $3");
constexpr char kReceived[] = R"sql(
  DELETE FROM conversation_recipient AS r USING conversation_message AS m
  WHERE m.organisation_id = $1 AND m.case_id = ANY ($2::text[])
    AND r.organisation_id = m.organisation_id AND r.message_id = m.message_id
    AND r.contact_id = $3)sql";
constexpr char kRead[] = R"sql(
  DELETE FROM conversation_read AS r USING conversation_message AS m
  WHERE m.organisation_id = $1 AND m.case_id = ANY ($2::text[])
    AND r.organisation_id = m.organisation_id AND r.message_id = m.message_id
    AND r.contact_id = $3)sql";
// What staff wrote to nobody else. $1 and $2 alone.
constexpr auto kToNobody = Sql(R"sql(
  DELETE FROM conversation_message AS m WHERE)sql",
                               kOfCases, R"sql(AND contact_id = ''
    AND NOT EXISTS (SELECT FROM conversation_recipient AS r
      WHERE r.organisation_id = m.organisation_id AND r.message_id = m.message_id))sql");

// $3 is the pattern by which texts name the contact.
constexpr const char* kTexts[] = {
    kSqlText<Sql(
        "UPDATE conversation_message SET text = regexp_replace(text, $3, '[erased]', 'gi') "
        "WHERE",
        kOfCases, "AND text ~* $3")>,
    R"sql(
  UPDATE conversation_recipient AS r SET text = regexp_replace(r.text, $3, '[erased]', 'gi')
  FROM conversation_message AS m
  WHERE m.organisation_id = $1 AND m.case_id = ANY ($2::text[])
    AND r.organisation_id = m.organisation_id AND r.message_id = m.message_id
    AND r.text ~* $3)sql"};

// A sandbox's, whatever case they were about: nobody is behind them. $2 are addresses, $3 whole
// names as a pattern, empty where there are none.
constexpr char kSandbox[] = R"sql(
  DELETE FROM sandbox_message WHERE organisation_id = $1 AND (recipient = ANY ($2::text[])
    OR $3 <> '' AND (subject ~* $3 OR body ~* $3 OR html ~* $3)))sql";

int64_t Affected(const pqxx::result& rows) { return static_cast<int64_t>(rows.affected_rows()); }

template <typename Texts>
bool Contains(const std::string& text, const Texts& words) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return !word.empty() && absl::StrContains(text, word);
  });
}

std::vector<std::string> AddressesOf(const Subject& subject) {
  std::vector<std::string> addresses = {subject.emails().begin(), subject.emails().end()};
  addresses.insert(addresses.end(), subject.mobiles().begin(), subject.mobiles().end());
  return addresses;
}

std::vector<std::string> MasksOf(const Subject& subject) {
  std::vector<std::string> masks;
  for (const std::string& email : subject.emails()) masks.push_back(MaskEmail(email));
  for (const std::string& mobile : subject.mobiles()) masks.push_back(MaskPhone(mobile));
  return masks;
}

// Whole names and addresses: what no other text has by chance, of whatever case it is.
std::string WholePattern(const Subject& subject) {
  Subject whole = subject;
  whole.clear_name_parts();
  return NamingPattern(whole);
}

bool IsTo(const std::string& recipient, const std::vector<std::string>& addresses) {
  return std::any_of(addresses.begin(), addresses.end(), [&](const std::string& address) {
    return recipient == address || SameMailbox(recipient, address);
  });
}

}  // namespace

int64_t ErasureStore::EraseWaiting(Transaction& tx, const std::string& organisation_id,
                                   const Subject& subject) {
  const std::vector<std::string> addresses = AddressesOf(subject);
  const std::set<std::string> case_ids(subject.case_ids().begin(), subject.case_ids().end());
  int64_t after = 0, erased = 0;
  for (int rows = kPage; rows == kPage;) {
    const auto page = tx.Exec(kWaiting, organisation_id, after, kPage);
    rows = static_cast<int>(page.size());
    for (const auto& row : page) {
      after = row["number"].as<int64_t>();
      auto payload = Open(options_.message_key, row["id"].c_str(), BytesFromSql(row["payload"]));
      if (!payload.ok()) continue;
      Job job;
      job.organisation_id = organisation_id;
      job.id = row["id"].c_str();
      job.payload = *std::move(payload);
      const Channel channel =
          row["lane"].c_str() == LaneOf(Channel::kSms) ? Channel::kSms : Channel::kEmail;
      const Claim claim = ClaimFrom(job, channel);
      if (!claim.outgoing.has_value()) continue;
      const Text& text = claim.outgoing->text;
      const std::string said = text.subject + "\n" + text.body + "\n" + text.html;
      const bool about = case_ids.count(row["case_id"].c_str()) != 0 &&
                         (Contains(said, subject.names()) || Contains(said, addresses));
      if (!about && !IsTo(claim.outgoing->recipient.text(), addresses)) continue;
      Settle(tx,
             {.organisation_id = organisation_id,
              .message_id = claim.message_id,
              .job_number = after,
              .attempts = row["attempts"].as<int>()},
             {.state = MessageState::kExpired});
      tx.Exec(kEnd, after);
      tx.Exec(kForget, organisation_id, claim.message_id);
      ++erased;
    }
  }
  return erased;
}

absl::StatusOr<EraseContactResponse> ErasureStore::Erase(const std::string& organisation_id,
                                                         const Subject& subject) {
  using Result = absl::StatusOr<EraseContactResponse>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const std::string cases = SqlArray(ListOf(subject.case_ids()));
    const std::string& contact_id = subject.contact_id();
    int64_t messages = EraseWaiting(tx, organisation_id, subject);
    messages +=
        Affected(tx.Exec(kLogged.c_str(), organisation_id, cases, SqlArray(MasksOf(subject))));
    messages += Affected(
        tx.Exec(kSandbox, organisation_id, SqlArray(AddressesOf(subject)), WholePattern(subject)));
    int64_t conversation = Affected(tx.Exec(kWritten.c_str(), organisation_id, cases, contact_id));
    conversation += Affected(tx.Exec(kReceived, organisation_id, cases, contact_id));
    tx.Exec(kRead, organisation_id, cases, contact_id);
    tx.Exec(kToNobody.c_str(), organisation_id, cases);
    int64_t named = 0;
    if (const std::string pattern = NamingPattern(subject); !pattern.empty()) {
      for (const char* sql : kTexts) {
        named += Affected(tx.Exec(sql, organisation_id, cases, pattern));
      }
    }
    EraseContactResponse receipt;
    AddErased(common::v1::OUTGOING_MESSAGE, messages, receipt);
    AddErased(common::v1::CONVERSATION_MESSAGE, conversation, receipt);
    AddErased(common::v1::QUOTATION, named, receipt);
    options_.traces.Erase(tx, organisation_id, subject, receipt);
    return receipt;
  });
}

}  // namespace gatehouse::notification
