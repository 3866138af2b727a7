#include "services/cases/erasures/store/own_data.h"

#include "absl/strings/str_replace.h"
#include "gatehouse/cases/v1/visits.pb.h"
#include "services/cases/effects.h"
#include "services/cases/search/store/case_words.h"
#include "services/cases/store/rows.h"
#include "services/common/postgres/arrays.h"
#include "services/common/postgres/sql.h"

namespace gatehouse::cases {
namespace {

using common::v1::EraseContactResponse;
using common::v1::PersonalData;
using common::v1::Subject;

constexpr char kErased[] = "[erased]";

// In the order of their ids, as all do that hold several.
constexpr char kHold[] = R"sql(
  SELECT case_id FROM case_file WHERE organisation_id = $1 AND case_id IN (
    SELECT case_id FROM contact WHERE contact_id = $2 AND organisation_id = $1)
  ORDER BY case_id FOR NO KEY UPDATE)sql";
constexpr char kTouch[] =
    "UPDATE case_file SET version = version + 1, update_time = clock_timestamp() "
    "WHERE organisation_id = $1 AND case_id = ANY ($2::text[])";

// Each has $1, the organisation, $2, the cases, and $3, the contact.
struct Statement {
  PersonalData kind;
  const char* sql;
};

// A case without a contact has nobody left to whom what is for all could be.
constexpr char kOfCases[] = " organisation_id = $1 AND case_id = ANY ($2::text[]) ";
constexpr auto ForItAlone(const auto& table) {
  return Sql(
      "(contact_id = $3 OR contact_id = '' AND NOT EXISTS (SELECT FROM contact AS c WHERE "
      "c.organisation_id = ",
      table, ".organisation_id AND c.case_id = ", table, ".case_id)) ");
}

constexpr Statement kOwn[] = {
    {common::v1::CONTACT_CHANGE,
     kSqlText<Sql("DELETE FROM contact_change WHERE", kOfCases, "AND contact_id = $3")>},
    {common::v1::FACT_FIND,
     kSqlText<Sql("DELETE FROM fact_find WHERE", kOfCases, "AND contact_id = $3")>},
    {common::v1::INCIDENT,
     kSqlText<Sql("DELETE FROM incident WHERE", kOfCases, "AND contact_id = $3")>},
    {common::v1::OFFER, kSqlText<Sql("DELETE FROM offer WHERE", kOfCases, "AND state <> 2 AND ",
                                     ForItAlone("offer"))>},
    {common::v1::OFFER,
     kSqlText<Sql(
         "UPDATE offer SET decision_reason = '', account_id = '', client_address = '', "
         "user_agent = '' WHERE",
         kOfCases,
         "AND state <> 2 AND decided_by = $3 AND (decision_reason <> '' OR account_id <> '' "
         "OR client_address <> '' OR user_agent <> '')")>},
    {common::v1::VISIT,
     kSqlText<Sql("DELETE FROM visit WHERE", kOfCases, "AND ", ForItAlone("visit"))>},
    {common::v1::VISIT, kSqlText<Sql("UPDATE visit SET answer = '' WHERE", kOfCases,
                                     "AND answered_by = $3 AND answer <> ''")>},
    {common::v1::DRAWING,
     kSqlText<Sql(
         "DELETE FROM drawing WHERE", kOfCases,
         "AND (contact_id = $3 OR NOT EXISTS (SELECT FROM contact AS c "
         "WHERE c.organisation_id = drawing.organisation_id AND c.case_id = drawing.case_id))")>},
    {common::v1::QUOTATION,
     kSqlText<Sql("UPDATE incident_message SET text = '[erased]', document_ids = '{}' WHERE",
                  kOfCases, "AND contact_id = $3 AND text <> '[erased]'")>},
};

// Nothing that anybody would count.
constexpr const char* kTraces[] = {
    kSqlText<Sql("DELETE FROM offer_sight WHERE", kOfCases, "AND contact_id = $3")>,
    kSqlText<Sql("UPDATE case_move SET actor_name = '' WHERE", kOfCases,
                 "AND contact_id = $3 AND actor_name <> ''")>};

// Each has $1 and $2 as above, and $3, the pattern by which texts name the contact.
constexpr Statement kNaming[] = {
    {common::v1::NOTE,
     kSqlText<Sql("DELETE FROM note WHERE", kOfCases, "AND (text ~* $3 OR author ~* $3)")>},
    {common::v1::QUOTATION,
     kSqlText<Sql(
         "UPDATE case_file SET display_name = regexp_replace(display_name, $3, '[erased]', 'gi') "
         "WHERE",
         kOfCases, "AND display_name ~* $3")>},
    {common::v1::QUOTATION,
     kSqlText<Sql(
         "UPDATE case_move SET reason = regexp_replace(reason, $3, '[erased]', 'gi') WHERE",
         kOfCases, "AND reason ~* $3")>},
    {common::v1::QUOTATION,
     kSqlText<Sql(
         "UPDATE incident_message SET text = regexp_replace(text, $3, '[erased]', 'gi') WHERE",
         kOfCases, "AND text ~* $3")>},
    {common::v1::QUOTATION,
     kSqlText<Sql(
         "UPDATE fact_find SET unlock_reason = regexp_replace(unlock_reason, $3, '[erased]', 'gi') "
         "WHERE",
         kOfCases, "AND unlock_reason ~* $3")>},
    {common::v1::QUOTATION,
     kSqlText<Sql(
         "UPDATE visit SET cancel_reason = regexp_replace(cancel_reason, $3, '[erased]', 'gi') "
         "WHERE",
         kOfCases, "AND cancel_reason ~* $3")>},
    {common::v1::QUOTATION,
     kSqlText<Sql(
         "UPDATE offer SET decision_reason = regexp_replace(decision_reason, $3, '[erased]', 'gi') "
         "WHERE",
         kOfCases, "AND state <> 2 AND decision_reason ~* $3")>},
};

constexpr auto kVisits =
    Sql("SELECT case_id, visit_id, plan FROM visit WHERE", kOfCases, "FOR UPDATE");
constexpr char kReplan[] =
    "UPDATE visit SET plan = $4 WHERE organisation_id = $1 AND case_id = $2 AND visit_id = $3";

constexpr auto kOffersKept = Sql("SELECT count(*) AS kept FROM offer WHERE", kOfCases,
                                 "AND state = 2 AND (decided_by = $3 OR contact_id = $3)");
constexpr char kTermsKept[] =
    "SELECT count(*) AS kept FROM terms_acceptance WHERE organisation_id = $1 AND contact_id = $2";
constexpr char kUnwelcome[] =
    "DELETE FROM welcome WHERE organisation_id = $1 AND account_id IN ("
    "SELECT account_id FROM terms_acceptance WHERE organisation_id = $1 AND contact_id = $2)";

std::string Replaced(const std::string& text, const Subject& subject) {
  std::string replaced = text;
  for (const auto* words :
       {&subject.names(), &subject.emails(), &subject.mobiles(), &subject.name_parts()}) {
    for (const std::string& word : *words) {
      if (!word.empty()) replaced = absl::StrReplaceAll(replaced, {{word, kErased}});
    }
  }
  return replaced;
}

// What staff planned rests as a message, which SQL cannot read: a hundred a case at most.
int64_t ErasePlans(Transaction& tx, const std::string& organisation_id, const std::string& case_ids,
                   const Subject& subject) {
  int64_t changed = 0;
  for (const auto& row : tx.Exec(kVisits.c_str(), organisation_id, case_ids)) {
    v1::VisitPlan plan;
    const std::string before = BytesFromSql(row["plan"]);
    if (!plan.ParseFromString(before)) continue;
    plan.set_title(Replaced(plan.title(), subject));
    plan.set_text(Replaced(plan.text(), subject));
    plan.set_place(Replaced(plan.place(), subject));
    const std::string after = plan.SerializeAsString();
    if (after == before) continue;
    tx.Exec(kReplan, organisation_id, row["case_id"].c_str(), row["visit_id"].c_str(),
            Bytes(after));
    ++changed;
  }
  return changed;
}

}  // namespace

std::vector<std::string> LeaveMirror(Transaction& tx, const std::string& organisation_id,
                                     const std::string& contact_id, OutboxCalls& calls,
                                     EraseContactResponse& receipt) {
  std::vector<std::string> case_ids;
  for (const auto& row : tx.Exec(kHold, organisation_id, contact_id)) {
    case_ids.emplace_back(row["case_id"].c_str());
  }
  const auto gone = tx.Exec("DELETE FROM contact WHERE contact_id = $2 AND organisation_id = $1",
                            organisation_id, contact_id);
  AddErased(common::v1::CONTACT_RECORD, static_cast<int64_t>(gone.affected_rows()), receipt);
  tx.Exec("DELETE FROM contact_portal WHERE contact_id = $2 AND organisation_id = $1",
          organisation_id, contact_id);
  tx.Exec(kTouch, organisation_id, SqlArray(case_ids));
  IndexWords(tx, organisation_id, case_ids);
  for (const auto& [case_id, now] : FindCases(tx, organisation_id, case_ids)) {
    AddFollow(case_id, now, "", calls);
  }
  return case_ids;
}

void EraseOwnData(Transaction& tx, const std::string& organisation_id, const Subject& subject,
                  EraseContactResponse& receipt) {
  const std::string case_ids = SqlArray(ListOf(subject.case_ids()));
  const std::string& contact_id = subject.contact_id();
  for (const Statement& own : kOwn) {
    const auto rows = tx.Exec(own.sql, organisation_id, case_ids, contact_id);
    AddErased(own.kind, static_cast<int64_t>(rows.affected_rows()), receipt);
  }
  for (const char* sql : kTraces) tx.Exec(sql, organisation_id, case_ids, contact_id);
  if (const std::string pattern = NamingPattern(subject); !pattern.empty()) {
    for (const Statement& naming : kNaming) {
      const auto rows = tx.Exec(naming.sql, organisation_id, case_ids, pattern);
      AddErased(naming.kind, static_cast<int64_t>(rows.affected_rows()), receipt);
    }
  }
  IndexWords(tx, organisation_id, ListOf(subject.case_ids()));
  AddErased(common::v1::QUOTATION, ErasePlans(tx, organisation_id, case_ids, subject), receipt);
  const auto offers = tx.Exec(kOffersKept.c_str(), organisation_id, case_ids, contact_id);
  AddKept(common::v1::OFFER, offers[0]["kept"].as<int64_t>(), common::v1::CONTRACT, receipt);
  const auto terms = tx.Exec(kTermsKept, organisation_id, contact_id);
  AddKept(common::v1::TERMS_ACCEPTANCE, terms[0]["kept"].as<int64_t>(), common::v1::CONTRACT,
          receipt);
  tx.Exec(kUnwelcome, organisation_id, contact_id);
}

}  // namespace gatehouse::cases
