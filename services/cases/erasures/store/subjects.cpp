#include "services/cases/erasures/store/subjects.h"

#include "gatehouse/cases/v1/contacts.pb.h"
#include "services/common/jobs/erasing.h"
#include "services/common/postgres/arrays.h"

namespace gatehouse::cases {
namespace {

using common::v1::Subject;

// Of each kind that a subject is known by, as its message says.
constexpr int kWordsMax = 1000;

constexpr char kContacts[] =
    "SELECT case_id, given_name, family_name, email, mobile, e164 FROM contact "
    "WHERE contact_id = $2 AND organisation_id = $1";
constexpr char kCases[] =
    "SELECT case_id FROM contact_portal WHERE contact_id = $2 AND organisation_id = $1 "
    "UNION SELECT case_id FROM contact WHERE contact_id = $2 AND organisation_id = $1 LIMIT 10000";
constexpr char kChanges[] = R"sql(
  SELECT field, before, after FROM contact_change
  WHERE organisation_id = $1 AND case_id = ANY ($2::text[]) AND contact_id = $3)sql";

// Others of the same cases, and those of all cases who have an address or a number of its.
constexpr char kOthers[] = R"sql(
  SELECT given_name, family_name, email, mobile, e164 FROM contact
  WHERE organisation_id = $1 AND case_id = ANY ($2::text[]) AND contact_id <> $3
  UNION SELECT '', '', email, mobile, e164 FROM contact
  WHERE organisation_id = $1 AND contact_id <> $3
    AND (lower(email) = ANY ($4::text[])
         OR mobile = ANY ($5::text[]) OR e164 = ANY ($5::text[])))sql";

constexpr char kOfSameCases[] = R"sql(
  SELECT given_name, family_name, email, mobile, e164 FROM contact
  WHERE organisation_id = $1 AND case_id = ANY ($2::text[]) AND contact_id <> $3 LIMIT 10001)sql";
constexpr size_t kOthersMax = 10'000;

Contact ContactFrom(const pqxx::row& row) {
  Contact contact;
  contact.given_name = row["given_name"].c_str();
  contact.family_name = row["family_name"].c_str();
  contact.email = row["email"].c_str();
  contact.mobile = row["mobile"].c_str();
  contact.e164 = row["e164"].c_str();
  return contact;
}

void AddChange(const pqxx::row& row, KnownAs& known) {
  for (const char* column : {"before", "after"}) {
    const std::string value = row[column].c_str();
    Contact changed;
    switch (static_cast<v1::ContactField>(row["field"].as<int>())) {
      case v1::GIVEN_NAME:
        changed.given_name = value;
        break;
      case v1::FAMILY_NAME:
        changed.family_name = value;
        break;
      case v1::EMAIL:
        changed.email = value;
        break;
      default:
        changed.mobile = value;
    }
    known.Add(changed);
  }
}

KnownAs KnownAsOf(const Subject& subject) {
  KnownAs known;
  for (const std::string& name : subject.names()) known.AddName(name);
  known.name_parts.insert(subject.name_parts().begin(), subject.name_parts().end());
  for (const std::string& email : subject.emails()) known.AddEmail(email);
  for (const std::string& mobile : subject.mobiles()) known.AddMobile(mobile);
  return known;
}

// Whether there was room for all of it.
template <typename Message>
bool Fill(const KnownAs& known, Message& message) {
  bool all = true;
  const auto fill = [&](const std::set<std::string>& from, auto& to) {
    for (const std::string& text : from) {
      if (to.size() < kWordsMax) *to.Add() = text;
    }
    all = all && from.size() <= kWordsMax;
  };
  fill(known.names, *message.mutable_names());
  fill(known.name_parts, *message.mutable_name_parts());
  fill(known.emails, *message.mutable_emails());
  fill(known.mobiles, *message.mutable_mobiles());
  return all;
}

// The subject of these cases, by what is its alone.
Subject SubjectOf(Transaction& tx, const std::string& organisation_id,
                  const std::string& contact_id, const std::set<std::string>& case_ids,
                  const KnownAs& known) {
  std::vector<Contact> others;
  for (const auto& row : tx.Exec(kOthers, organisation_id, SqlArray(ListOf(case_ids)), contact_id,
                                 SqlArray(ListOf(known.emails)), SqlArray(ListOf(known.mobiles)))) {
    others.push_back(ContactFrom(row));
  }
  const KnownAs own = WithoutThatOf(known, others);
  Subject subject;
  subject.set_contact_id(contact_id);
  *subject.mutable_case_ids() = {case_ids.begin(), case_ids.end()};
  (void)Fill(own, subject);
  return subject;
}

}  // namespace

Subject Gather(Transaction& tx, const std::string& organisation_id, const std::string& contact_id) {
  KnownAs known;
  for (const auto& row : tx.Exec(kContacts, organisation_id, contact_id)) {
    known.Add(ContactFrom(row));
  }
  std::set<std::string> case_ids;
  for (const auto& row : tx.Exec(kCases, organisation_id, contact_id)) {
    case_ids.insert(row["case_id"].c_str());
  }
  for (const auto& row :
       tx.Exec(kChanges, organisation_id, SqlArray(ListOf(case_ids)), contact_id)) {
    AddChange(row, known);
  }
  return SubjectOf(tx, organisation_id, contact_id, case_ids, known);
}

Subject Narrow(Transaction& tx, const std::string& organisation_id, const Subject& subject,
               const Subject& more) {
  std::set<std::string> case_ids(subject.case_ids().begin(), subject.case_ids().end());
  case_ids.insert(more.case_ids().begin(), more.case_ids().end());
  Subject all = subject;
  all.MergeFrom(more);
  return SubjectOf(tx, organisation_id, subject.contact_id(), case_ids, KnownAsOf(all));
}

common::v1::OtherContacts OthersOf(Transaction& tx, const std::string& organisation_id,
                                   const Subject& subject) {
  const std::string case_ids = SqlArray(ListOf(subject.case_ids()));
  std::vector<Contact> own;
  for (const auto& row : tx.Exec(kContacts, organisation_id, subject.contact_id())) {
    own.push_back(ContactFrom(row));
  }
  KnownAs known;
  const auto others = tx.Exec(kOfSameCases, organisation_id, case_ids, subject.contact_id());
  for (const auto& row : others) known.Add(ContactFrom(row));
  known = WithoutThatOf(std::move(known), own);
  common::v1::OtherContacts found;
  const bool all = Fill(known, found);
  found.set_more(!all || others.size() > kOthersMax);
  return found;
}

}  // namespace gatehouse::cases
