#include "services/cases/bulk/store/bulk_store.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/cases/effects.h"
#include "services/cases/search/store/case_words.h"
#include "services/cases/store/rows.h"
#include "services/common/postgres/arrays.h"

namespace gatehouse::cases {
namespace {

// As for one case, whose session has ended when who left it is answered.
constexpr absl::Duration kPatience = absl::Seconds(1);

// As kPut of postgres_store.cpp says of one. Rows are locked in one order, whoever else does so.
constexpr char kPutAll[] = R"sql(
  INSERT INTO case_file AS old (organisation_id, case_id, display_name, kind, owner_id, owner_name,
                                owner_email, owner_phone, owner_e164)
  SELECT $1, n.case_id, n.display_name, n.kind, n.owner_id, n.owner_name, n.owner_email,
         n.owner_phone, n.owner_e164
  FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
              $9::text[])
    AS n (case_id, display_name, kind, owner_id, owner_name, owner_email, owner_phone, owner_e164)
  ORDER BY n.case_id
  ON CONFLICT (organisation_id, case_id) DO UPDATE SET
    display_name = excluded.display_name, kind = excluded.kind, owner_id = excluded.owner_id,
    owner_name = excluded.owner_name, owner_email = excluded.owner_email,
    owner_phone = excluded.owner_phone, owner_e164 = excluded.owner_e164,
    version = old.version + 1, update_time = clock_timestamp(), put_time = clock_timestamp()
  RETURNING case_id, version)sql";

// Those whose etag is given and is another one by now; the others with an etag are locked.
constexpr char kCheckEtags[] = R"sql(
  WITH asked AS (SELECT * FROM unnest($2::text[], $3::text[]) AS asked (case_id, etag)),
  locked AS (
    SELECT f.case_id, f.version FROM case_file AS f
    WHERE f.organisation_id = $1 AND f.case_id = ANY ($2::text[])
    ORDER BY f.case_id FOR NO KEY UPDATE)
  SELECT asked.case_id FROM asked LEFT JOIN locked USING (case_id)
  WHERE locked.version::text IS DISTINCT FROM asked.etag)sql";

constexpr char kPutAllContacts[] = R"sql(
  INSERT INTO contact (organisation_id, case_id, contact_id, position, type, given_name,
                       family_name, email, mobile, e164, role)
  SELECT $1, n.case_id, c.contact_id, c.position, c.type, c.given_name, c.family_name, c.email,
         c.mobile, c.e164, c.role
  FROM unnest($2::text[], $3::text[]) AS n (case_id, contacts)
  CROSS JOIN LATERAL jsonb_to_recordset(n.contacts::jsonb) AS c (contact_id text,
    position integer, type integer, given_name text, family_name text, email text, mobile text,
    e164 text, role text))sql";

constexpr char kUnput[] = R"sql(
  SELECT case_id, count(*) OVER () AS count FROM case_file
  WHERE organisation_id = $1 AND put_time < $2::timestamptz ORDER BY case_id LIMIT $3)sql";

// Of those that were found, and were not put since. FOR UPDATE: nobody adds a note to them any
// more.
constexpr char kLockUnput[] = R"sql(
  SELECT case_id FROM case_file
  WHERE organisation_id = $1 AND case_id = ANY ($2::text[]) AND put_time < $3::timestamptz
  ORDER BY case_id FOR UPDATE)sql";

constexpr const char* kDeleteAll[] = {
    "DELETE FROM note WHERE organisation_id = $1 AND case_id = ANY ($2::text[])",
    "DELETE FROM contact WHERE organisation_id = $1 AND case_id = ANY ($2::text[])",
    "DELETE FROM case_file WHERE organisation_id = $1 AND case_id = ANY ($2::text[])",
    R"sql(INSERT INTO deleted_case SELECT $1, unnest($2::text[])
          ON CONFLICT (organisation_id, case_id)
          DO UPDATE SET delete_time = clock_timestamp() RETURNING case_id, delete_time)sql"};

absl::Status EtagMismatch() {
  return Refuse(common::v1::ETAG_MISMATCH, "the case has changed since it was read: read it again");
}

// Leaves out, and says so, what has an etag that is not the current one.
std::vector<Case> WithCurrentEtags(Transaction& tx, const std::string& organisation_id,
                                   const std::vector<Case>& puts, BulkStore::Etags& etags) {
  std::vector<std::string> case_ids, given;
  for (const Case& put : puts) {
    if (put.etag.empty()) continue;
    case_ids.push_back(put.case_id);
    given.push_back(put.etag);
  }
  if (case_ids.empty()) return puts;
  for (const pqxx::row& row :
       tx.Exec(kCheckEtags, organisation_id, SqlArray(case_ids), SqlArray(given))) {
    etags.insert_or_assign(row["case_id"].c_str(), EtagMismatch());
  }
  std::vector<Case> current;
  for (const Case& put : puts) {
    if (etags.count(put.case_id) == 0) current.push_back(put);
  }
  return current;
}

// Columns of the cases, one array each.
struct Columns {
  std::vector<std::string> case_ids, names, kinds, owner_ids, owner_names, owner_emails,
      owner_phones, owner_e164s;

  explicit Columns(const std::vector<Case>& puts) {
    for (const Case& put : puts) {
      case_ids.push_back(put.case_id);
      names.push_back(put.display_name);
      kinds.push_back(put.kind);
      owner_ids.push_back(put.owner.id);
      owner_names.push_back(put.owner.display_name);
      owner_emails.push_back(put.owner.email);
      owner_phones.push_back(put.owner.phone);
      owner_e164s.push_back(put.owner.e164);
    }
  }
};

// Whether they are the same, in the same order and with the same of all that a CRM says of them.
bool SameContacts(const std::vector<Contact>& before, const std::vector<Contact>& after) {
  const auto said = [](const Contact& contact) {
    return std::tie(contact.contact_id, contact.type, contact.given_name, contact.family_name,
                    contact.email, contact.mobile, contact.e164, contact.role);
  };
  return std::equal(before.begin(), before.end(), after.begin(), after.end(),
                    [&](const Contact& a, const Contact& b) { return said(a) == said(b); });
}

// Of whom nothing has changed, nothing is written.
void PutContacts(Transaction& tx, const std::string& organisation_id, const std::vector<Case>& puts,
                 const std::map<std::string, Case>& before) {
  std::vector<std::string> case_ids, contacts;
  for (const Case& put : puts) {
    if (SameContacts(before.at(put.case_id).contacts, put.contacts)) continue;
    case_ids.push_back(put.case_id);
    contacts.push_back(ToJson(put.contacts));
  }
  if (case_ids.empty()) return;
  tx.Exec("DELETE FROM contact WHERE organisation_id = $1 AND case_id = ANY ($2::text[])",
          organisation_id, SqlArray(case_ids));
  tx.Exec(kPutAllContacts, organisation_id, SqlArray(case_ids), SqlArray(contacts));
}

// Whose invitations must hear of the puts, with how they are now.
std::map<std::string, Case> Concerned(Transaction& tx, const std::string& organisation_id,
                                      const std::vector<Case>& puts,
                                      const std::map<std::string, Case>& before) {
  std::vector<std::string> case_ids;
  for (const Case& put : puts) {
    if (ConcernsInvitations(before.at(put.case_id).contacts, put.contacts)) {
      case_ids.push_back(put.case_id);
    }
  }
  return FindCases(tx, organisation_id, case_ids);
}

}  // namespace

absl::Status BulkStore::PutOnce(const Caller& caller, const std::vector<Case>& puts, Etags& etags,
                                BulkPlaces::Refused& refused) {
  const std::string& organisation_id = caller.organisation_id;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    etags.clear();
    refused.clear();
    const std::vector<Case> current = WithCurrentEtags(tx, organisation_id, puts, etags);
    if (current.empty()) return absl::OkStatus();
    const Columns columns(current);
    for (const pqxx::row& row :
         tx.Exec(kPutAll, organisation_id, SqlArray(columns.case_ids), SqlArray(columns.names),
                 SqlArray(columns.kinds), SqlArray(columns.owner_ids),
                 SqlArray(columns.owner_names), SqlArray(columns.owner_emails),
                 SqlArray(columns.owner_phones), SqlArray(columns.owner_e164s))) {
      etags.insert_or_assign(row["case_id"].c_str(), std::string(row["version"].c_str()));
    }
    const auto before = FindCases(tx, organisation_id, columns.case_ids);
    PutContacts(tx, organisation_id, current, before);
    IndexWords(tx, organisation_id, columns.case_ids);
    ASSIGN_OR_RETURN(refused, places_.FollowAll(caller, current));
    if (!refused.empty()) return absl::CancelledError("what is refused is not kept");
    OutboxCalls calls(organisation_id);
    for (const auto& [case_id, now] : Concerned(tx, organisation_id, current, before)) {
      AddFollow(case_id, now, caller.actor_name, calls);
    }
    if (!calls.jobs().empty()) outbox_.Add(tx, std::move(calls), kPatience);
    return absl::OkStatus();
  });
}

absl::StatusOr<BulkStore::Etags> BulkStore::Put(const Caller& caller,
                                                const std::vector<Case>& puts) {
  std::vector<Case> left = puts;
  Etags etags;
  std::map<std::string, absl::Status> refused;
  // What the pipelines refuse is found out all at once, so that the second time is the last one,
  // unless cases move meanwhile.
  while (true) {
    BulkPlaces::Refused now;
    const absl::Status status = PutOnce(caller, left, etags, now);
    if (now.empty()) {
      RETURN_IF_ERROR(status);
      break;
    }
    refused.merge(now);
    left.erase(std::remove_if(left.begin(), left.end(),
                              [&](const Case& put) { return refused.count(put.case_id) != 0; }),
               left.end());
  }
  for (const auto& [case_id, why] : refused) etags.insert_or_assign(case_id, why);
  return etags;
}

absl::StatusOr<BulkStore::Unput> BulkStore::FindUnput(const std::string& organisation_id,
                                                      absl::Time put_before, int limit) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Unput> {
    Unput unput;
    for (const pqxx::row& row : tx.Exec(kUnput, organisation_id, ToSql(put_before), limit)) {
      unput.count = row["count"].as<int64_t>();
      unput.case_ids.emplace_back(row["case_id"].c_str());
    }
    return unput;
  });
}

absl::StatusOr<BulkStore::Unput> BulkStore::DeleteUnput(const Caller& caller, absl::Time put_before,
                                                        int64_t expected, int limit) {
  const std::string& organisation_id = caller.organisation_id;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Unput> {
    ASSIGN_OR_RETURN(Unput unput, FindUnput(organisation_id, put_before, limit));
    if (unput.count != expected) {
      return WithFact(Refuse(v1::UNPUT_COUNT_CHANGED, "they are not as many as was said before"),
                      "count", absl::StrCat(unput.count));
    }
    const auto locked =
        tx.Exec(kLockUnput, organisation_id, SqlArray(unput.case_ids), ToSql(put_before));
    unput.case_ids.clear();
    for (const pqxx::row& row : locked) unput.case_ids.emplace_back(row["case_id"].c_str());
    if (unput.case_ids.empty()) return unput;
    pqxx::result deleted;
    for (const char* sql : kDeleteAll) {
      deleted = tx.Exec(sql, organisation_id, SqlArray(unput.case_ids));
    }
    OutboxCalls calls(organisation_id);
    for (const pqxx::row& row : deleted) {
      AddDeleted(row["case_id"].c_str(), TimeFromSql(row["delete_time"]), caller.actor_name, calls);
    }
    outbox_.Add(tx, std::move(calls), kPatience);
    unput.count -= static_cast<int64_t>(unput.case_ids.size());
    return unput;
  });
}

absl::StatusOr<absl::Time> BulkStore::Now() {
  return postgres_.Read(Rows::OfAll(), [&](Transaction& tx) -> absl::StatusOr<absl::Time> {
    return TimeFromSql(tx.Exec("SELECT clock_timestamp() AS now")[0]["now"]);
  });
}

}  // namespace gatehouse::cases
