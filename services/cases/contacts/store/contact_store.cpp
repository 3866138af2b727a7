#include "services/cases/contacts/store/contact_store.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/cases/v1/events.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/cases/effects.h"
#include "services/cases/search/store/case_words.h"
#include "services/common/jobs/events.h"

namespace gatehouse::cases {
namespace {

// As for a put of the CRM's: who relies on the answer relies on the old number's sessions' end.
constexpr absl::Duration kPatience = absl::Seconds(1);

constexpr char kUpdate[] = R"sql(
  UPDATE contact SET given_name = $4, family_name = $5, email = $6, mobile = $7, e164 = $8
  WHERE organisation_id = $1 AND case_id = $2 AND contact_id = $3)sql";

// In the place of the last change of the field: by who goes on with what it wrote within the same
// ten minutes, and by anybody once the case has a thousand changes. So a client who changes it in a
// loop fills no disk, nor pushes out what was said first.
constexpr char kGoOn[] = R"sql(
  UPDATE contact_change SET by_contact_id = $4, after = $7, create_time = clock_timestamp()
  WHERE organisation_id = $1 AND case_id = $2 AND number = (
      SELECT max(number) FROM contact_change WHERE organisation_id = $1 AND case_id = $2
        AND contact_id = $3 AND field = $5)
    AND (by_contact_id = $4 AND after = $6
        AND date_bin('10 minutes', create_time, 'epoch')
          = date_bin('10 minutes', clock_timestamp(), 'epoch')
      OR (SELECT count(*) FROM contact_change
          WHERE organisation_id = $1 AND case_id = $2) >= 1000))sql";

constexpr char kKeep[] = R"sql(
  INSERT INTO contact_change (organisation_id, case_id, contact_id, by_contact_id, field, before,
                              after)
  VALUES ($1, $2, $3, $4, $5, $6, $7))sql";

constexpr char kList[] =
    "SELECT number, contact_id, by_contact_id, field, before, after, create_time "
    "FROM contact_change WHERE organisation_id = $1 AND case_id = $2 AND number < $3 "
    "ORDER BY number DESC LIMIT $4";

Contact* Find(Case& mirrored, const std::string& contact_id) {
  const auto found =
      std::find_if(mirrored.contacts.begin(), mirrored.contacts.end(),
                   [&](const Contact& contact) { return contact.contact_id == contact_id; });
  return found == mirrored.contacts.end() ? nullptr : &*found;
}

std::string FieldsOf(const std::vector<FieldChange>& changes) {
  std::string fields;
  for (const FieldChange& change : changes) {
    absl::StrAppend(&fields, fields.empty() ? "" : ",", v1::ContactField_Name(change.field));
  }
  return fields;
}

}  // namespace

absl::StatusOr<Contact> ContactStore::Update(const Caller& caller, const Target& target,
                                             const Change& change) {
  const std::string& organisation_id = caller.organisation_id;
  using Result = absl::StatusOr<Contact>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    // First: it is also the lock.
    ASSIGN_OR_RETURN(const std::string etag, cases_.Touch(organisation_id, target.case_id, ""));
    ASSIGN_OR_RETURN(Case now, mirror_.Get(organisation_id, target.case_id));
    const std::vector<Contact> before = now.contacts;
    Contact* contact = Find(now, target.contact_id);
    if (contact == nullptr) return Refuse(common::v1::NOT_FOUND, "there is no such contact");
    if (!target.etag.empty() && target.etag != EtagOf(*contact)) {
      return Refuse(common::v1::ETAG_MISMATCH,
                    "the contact has changed since it was read: read it again");
    }
    ASSIGN_OR_RETURN(const std::vector<FieldChange> changes, change(*contact));
    tx.Exec(kUpdate, organisation_id, target.case_id, target.contact_id, contact->given_name,
            contact->family_name, contact->email, contact->mobile, contact->e164);
    IndexWords(tx, organisation_id, {target.case_id});
    const std::string by = caller.AccessTo(target.case_id)->contact_id;
    for (const FieldChange& kept : changes) {
      const auto keep = [&](const char* sql) {
        return tx.Exec(sql, organisation_id, target.case_id, target.contact_id, by,
                       static_cast<int>(kept.field), kept.before, kept.after);
      };
      if (keep(kGoOn).affected_rows() == 0) keep(kKeep);
    }
    if (!changes.empty()) Tell(tx, caller, target, etag, changes);
    if (ConcernsInvitations(before, now.contacts)) {
      OutboxCalls calls(organisation_id);
      // Nobody's name: it would come to the audit trail, where a client is an id.
      AddFollow(target.case_id, now, "", calls);
      outbox_.Add(tx, std::move(calls), kPatience);
    }
    return *contact;
  });
}

void ContactStore::Tell(Transaction& tx, const Caller& caller, const Target& target,
                        const std::string& etag, const std::vector<FieldChange>& changes) {
  v1::ContactUpdated event;
  event.set_contact_id(target.contact_id);
  event.set_by_contact_id(caller.AccessTo(target.case_id)->contact_id);
  event.set_fields(FieldsOf(changes));
  event.set_etag(etag);
  OutboxCalls calls(caller.organisation_id);
  AddEvent(event,
           {.case_id = target.case_id,
            .time = absl::Now(),
            .order_key = "contact:" + target.case_id,
            .once = ""},
           calls);
  outbox_.Add(tx, std::move(calls));
}

absl::StatusOr<std::vector<ContactStore::Row>> ContactStore::ListChanges(
    const std::string& organisation_id, const std::string& case_id, const Page& page) {
  using Result = absl::StatusOr<std::vector<Row>>;
  ASSIGN_OR_RETURN(const int64_t below, page.Below());
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Row> found;
    for (const pqxx::row& row : tx.Exec(kList, organisation_id, case_id, below, page.limit())) {
      found.push_back({.number = row["number"].as<int64_t>(),
                       .contact_id = row["contact_id"].c_str(),
                       .by_contact_id = row["by_contact_id"].c_str(),
                       .change = {static_cast<v1::ContactField>(row["field"].as<int>()),
                                  row["before"].c_str(), row["after"].c_str()},
                       .time = TimeFromSql(row["create_time"])});
    }
    return found;
  });
}

}  // namespace gatehouse::cases
