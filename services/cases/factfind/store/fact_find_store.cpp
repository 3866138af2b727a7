#include "services/cases/factfind/store/fact_find_store.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "gatehouse/cases/v1/events.pb.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/cases/domain/seen_by.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/random.h"
#include "services/common/jobs/events.h"
#include "services/common/postgres/arrays.h"

namespace gatehouse::cases {
namespace {

constexpr int kFactFindsMax = 100;
constexpr size_t kRememberedMax = 10000;

// Nothing where the contact has one of this flow already; under the case's lock.
constexpr char kOpen[] = R"sql(
  INSERT INTO fact_find (organisation_id, case_id, fact_find_id, contact_id, flow_id, flow_version)
  SELECT $1, $2, $3, $4, flow_id, version FROM flow
  WHERE organisation_id = $1 AND flow_id = $5 AND version > 0
  ON CONFLICT (organisation_id, case_id, contact_id, flow_id) DO NOTHING
  RETURNING *)sql";

constexpr char kOfContact[] =
    "SELECT * FROM fact_find WHERE organisation_id = $1 AND case_id = $2 AND contact_id = $3 "
    "AND flow_id = $4";

constexpr char kCount[] =
    "SELECT count(*) AS there FROM fact_find WHERE organisation_id = $1 AND case_id = $2";

constexpr char kGet[] = R"sql(
  SELECT * FROM fact_find WHERE organisation_id = $1 AND case_id = $2 AND fact_find_id = $3
    AND $4 IN ('*', contact_id))sql";

constexpr char kList[] = R"sql(
  SELECT * FROM fact_find WHERE organisation_id = $1 AND case_id = $2 AND $3 IN ('*', contact_id)
  ORDER BY fact_find_id)sql";

constexpr char kAnswers[] = R"sql(
  SELECT a.* FROM fact_find AS f
  JOIN fact_answer AS a USING (organisation_id, case_id, fact_find_id)
  WHERE f.organisation_id = $1 AND f.case_id = $2 AND f.fact_find_id = $3
    AND $4 IN ('*', f.contact_id)
  ORDER BY a.section_id, a.field_id)sql";

constexpr char kAnswer[] = R"sql(
  SELECT * FROM fact_answer WHERE organisation_id = $1 AND case_id = $2 AND fact_find_id = $3
    AND section_id = $4 AND field_id = $5)sql";

// Whether an answer takes the place of the last one in its history: whoever types is one change
// every ten minutes, but not across a handing in; and a history is full at 200 changes or 4 MiB,
// where its last one is what stands. So no client fills the disk, nor pushes out what was said
// first.
constexpr char kGoesOn[] = R"sql(
  a.change_version = a.version AND (a.changes >= 200 OR a.change_bytes >= 4194304
    OR a.contact_id = $8 AND a.staff_name = $9
      AND a.update_time >= (SELECT unlock_time FROM open)
      AND date_bin('10 minutes', a.update_time, 'epoch')
        = date_bin('10 minutes', clock_timestamp(), 'epoch')))sql";

// A fact find that is handed in at the same time is waited for, and is locked then; several
// answers at once do not wait for one another. No row: not saved.
const std::string kSave = absl::StrReplaceAll(R"sql(
  WITH open AS (
    SELECT fact_find_id, unlock_time FROM fact_find WHERE organisation_id = $1 AND case_id = $2
      AND fact_find_id = $3 AND $4 IN ('*', contact_id) AND submit_time IS NULL
    FOR SHARE),
  saved AS (
    INSERT INTO fact_answer AS a (organisation_id, case_id, fact_find_id, section_id, field_id,
                                  value, version, contact_id, staff_name, change_number,
                                  change_version, changes, change_bytes)
    SELECT $1, $2, fact_find_id, $5, $6, $7, 1, $8, $9, nextval('fact_answer_change_number_seq'),
           1, 1, length($7::bytea) FROM open
    ON CONFLICT (organisation_id, case_id, fact_find_id, section_id, field_id) DO UPDATE
      SET value = $7, version = a.version + 1, contact_id = $8, staff_name = $9,
          update_time = clock_timestamp(), change_version = a.version + 1,
          change_number = CASE WHEN {goes on} THEN a.change_number
                          ELSE nextval('fact_answer_change_number_seq') END,
          changes = a.changes + CASE WHEN {goes on} THEN 0 ELSE 1 END,
          change_bytes = a.change_bytes + length($7::bytea)
            - CASE WHEN {goes on} THEN length(a.value) ELSE 0 END
      WHERE a.version = $10::integer AND a.value <> $7
    RETURNING *),
  kept AS (
    INSERT INTO fact_answer_change (organisation_id, case_id, fact_find_id, number, section_id,
                                    field_id, value, version, contact_id, staff_name, update_time)
    OVERRIDING SYSTEM VALUE
    SELECT $1, $2, fact_find_id, change_number, section_id, field_id, value, version, contact_id,
           staff_name, update_time FROM saved
    ON CONFLICT (organisation_id, case_id, fact_find_id, number) DO UPDATE
      SET value = excluded.value, version = excluded.version, contact_id = excluded.contact_id,
          staff_name = excluded.staff_name, update_time = excluded.update_time)
  SELECT * FROM saved)sql",
                                              {{"{goes on}", kGoesOn}});

constexpr char kChanges[] = R"sql(
  SELECT * FROM fact_answer_change WHERE organisation_id = $1 AND case_id = $2
    AND fact_find_id = $3 AND number < $4 ORDER BY number DESC LIMIT $5)sql";

constexpr char kSubmit[] = R"sql(
  UPDATE fact_find SET submit_time = clock_timestamp() WHERE organisation_id = $1
    AND case_id = $2 AND fact_find_id = $3 AND $4 IN ('*', contact_id) AND submit_time IS NULL
  RETURNING *)sql";

constexpr char kHandedIn[] = R"sql(
  SELECT f.case_id, f.fact_find_id, f.flow_id, f.flow_version, a.section_id, a.field_id, a.value
  FROM fact_find AS f JOIN fact_answer AS a USING (organisation_id, case_id, fact_find_id)
  WHERE f.organisation_id = $1 AND f.case_id = ANY ($2::text[]) AND f.submit_time IS NOT NULL
    AND f.flow_id = ANY ($3::text[]) AND a.section_id = ANY ($4::text[])
  ORDER BY f.case_id, f.fact_find_id)sql";

constexpr char kUnlock[] = R"sql(
  UPDATE fact_find SET submit_time = NULL, unlock_reason = $4, unlock_time = clock_timestamp()
  WHERE organisation_id = $1
    AND case_id = $2 AND fact_find_id = $3 AND submit_time IS NOT NULL
  RETURNING *)sql";

v1::FactFind FactFindFrom(const pqxx::row& row) {
  v1::FactFind find;
  find.set_fact_find_id(row["fact_find_id"].c_str());
  find.set_contact_id(row["contact_id"].c_str());
  find.set_flow_id(row["flow_id"].c_str());
  find.set_flow_version(row["flow_version"].as<int>());
  find.set_state(v1::FactFind::IN_PROGRESS);
  find.set_unlock_reason(row["unlock_reason"].c_str());
  *find.mutable_create_time() = ToProto(TimeFromSql(row["create_time"]));
  if (row["submit_time"].is_null()) return find;
  find.set_state(v1::FactFind::SUBMITTED);
  *find.mutable_submit_time() = ToProto(TimeFromSql(row["submit_time"]));
  return find;
}

v1::Answer AnswerFrom(const pqxx::row& row) {
  v1::Answer answer;
  answer.set_section_id(row["section_id"].c_str());
  answer.set_field_id(row["field_id"].c_str());
  answer.mutable_value()->ParseFromString(BytesFromSql(row["value"]));
  answer.set_etag(row["version"].c_str());
  answer.set_contact_id(row["contact_id"].c_str());
  answer.set_staff_name(row["staff_name"].c_str());
  *answer.mutable_update_time() = ToProto(TimeFromSql(row["update_time"]));
  return answer;
}

absl::Status NotFound() { return Refuse(common::v1::NOT_FOUND, "there is no such fact find"); }

absl::Status Locked() {
  return Refuse(v1::FACT_FIND_LOCKED, "the answers were handed in: ask staff to give them back");
}

// Those of one fact find come in their order: whoever tells holds its row.
template <typename Event>
OutboxCalls Telling(Event event, const std::string& organisation_id, const std::string& case_id,
                    const v1::FactFind& find) {
  event.set_fact_find_id(find.fact_find_id());
  event.set_flow_id(find.flow_id());
  event.set_contact_id(find.contact_id());
  OutboxCalls calls(organisation_id);
  AddEvent(event,
           {.case_id = case_id,
            .time = absl::Now(),
            .order_key = "factFind:" + find.fact_find_id(),
            .once = ""},
           calls);
  return calls;
}

}  // namespace

absl::StatusOr<v1::FactFind> FactFindStore::Open(const std::string& organisation_id,
                                                 const v1::CreateFactFindRequest& request) {
  using Result = absl::StatusOr<v1::FactFind>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const std::string& case_id = request.case_id();
    const auto found =
        tx.Exec(kOfContact, organisation_id, case_id, request.contact_id(), request.flow_id());
    if (!found.empty()) return FactFindFrom(found[0]);
    // The case's lock makes the count one that holds.
    RETURN_IF_ERROR(cases_.Touch(organisation_id, case_id, "").status());
    if (tx.Exec(kCount, organisation_id, case_id)[0]["there"].as<int>() >= kFactFindsMax) {
      return Refuse(v1::FACT_FIND_LIMIT_REACHED, "a case has a hundred fact finds at most");
    }
    const auto opened = tx.Exec(kOpen, organisation_id, case_id, NewId("fct"), request.contact_id(),
                                request.flow_id());
    if (!opened.empty()) {
      const v1::FactFind find = FactFindFrom(opened[0]);
      outbox_.Add(tx, Telling(v1::FactFindOpened(), organisation_id, case_id, find));
      return find;
    }
    const auto again =
        tx.Exec(kOfContact, organisation_id, case_id, request.contact_id(), request.flow_id());
    if (!again.empty()) return FactFindFrom(again[0]);
    return WithFact(Refuse(v1::FLOW_UNKNOWN, "the organisation has no such flow"), "flowId",
                    request.flow_id());
  });
}

absl::StatusOr<std::vector<v1::FactFind>> FactFindStore::List(const Target& target) {
  using Result = absl::StatusOr<std::vector<v1::FactFind>>;
  return postgres_.Read(Rows::Of(target.organisation_id), [&](Transaction& tx) -> Result {
    std::vector<v1::FactFind> finds;
    for (const pqxx::row& row :
         tx.Exec(kList, target.organisation_id, target.case_id, target.seen_by)) {
      finds.push_back(FactFindFrom(row));
    }
    if (finds.empty()) {
      RETURN_IF_ERROR(cases_.Etag(target.organisation_id, target.case_id).status());
    }
    return finds;
  });
}

absl::StatusOr<v1::FactFind> FactFindStore::Get(const Target& target) {
  using Result = absl::StatusOr<v1::FactFind>;
  return postgres_.Read(Rows::Of(target.organisation_id), [&](Transaction& tx) -> Result {
    const auto found =
        tx.Exec(kGet, target.organisation_id, target.case_id, target.fact_find_id, target.seen_by);
    if (found.empty()) return NotFound();
    return FactFindFrom(found[0]);
  });
}

absl::StatusOr<v1::FactFind> FactFindStore::Opened(const Target& target) {
  const std::tuple key(target.organisation_id, target.case_id, target.fact_find_id);
  {
    const std::lock_guard lock(mutex_);
    const auto known = opened_.find(key);
    if (known != opened_.end()) {
      const bool seen =
          target.seen_by == kEverybody || target.seen_by == known->second.contact_id();
      return seen ? absl::StatusOr<v1::FactFind>(known->second) : NotFound();
    }
  }
  ASSIGN_OR_RETURN(const v1::FactFind find, Get(target));
  v1::FactFind opened;
  opened.set_contact_id(find.contact_id());
  opened.set_flow_id(find.flow_id());
  opened.set_flow_version(find.flow_version());
  const std::lock_guard lock(mutex_);
  if (opened_.size() >= kRememberedMax) opened_.clear();
  opened_[key] = opened;
  return opened;
}

absl::StatusOr<std::vector<v1::Answer>> FactFindStore::Answers(const Target& target) {
  using Result = absl::StatusOr<std::vector<v1::Answer>>;
  return postgres_.Read(Rows::Of(target.organisation_id), [&](Transaction& tx) -> Result {
    std::vector<v1::Answer> answers;
    for (const pqxx::row& row : tx.Exec(kAnswers, target.organisation_id, target.case_id,
                                        target.fact_find_id, target.seen_by)) {
      answers.push_back(AnswerFrom(row));
    }
    return answers;
  });
}

absl::StatusOr<v1::SaveAnswerResponse> FactFindStore::Save(const Target& target,
                                                           const v1::Answer& answer) {
  using Result = absl::StatusOr<v1::SaveAnswerResponse>;
  int version = 0;
  if (!answer.etag().empty() && !absl::SimpleAtoi(answer.etag(), &version)) {
    return RefuseField("etag", "is none that an answer has");
  }
  v1::SaveAnswerResponse response;
  ASSIGN_OR_RETURN(
      response,
      postgres_.WriteOne(Rows::Of(target.organisation_id), [&](Transaction& tx) -> Result {
        v1::SaveAnswerResponse made;
        const auto saved = tx.Exec(kSave.c_str(), target.organisation_id, target.case_id,
                                   target.fact_find_id, target.seen_by, answer.section_id(),
                                   answer.field_id(), Bytes(answer.value().SerializeAsString()),
                                   answer.contact_id(), answer.staff_name(), version);
        made.set_saved(!saved.empty());
        if (made.saved()) *made.mutable_answer() = AnswerFrom(saved[0]);
        return made;
      }));
  if (response.saved()) return response;
  return Standing(target, answer);
}

absl::StatusOr<v1::SaveAnswerResponse> FactFindStore::Standing(const Target& target,
                                                               const v1::Answer& answer) {
  ASSIGN_OR_RETURN(const v1::FactFind find, Get(target));
  using Result = absl::StatusOr<v1::SaveAnswerResponse>;
  return postgres_.Read(Rows::Of(target.organisation_id), [&](Transaction& tx) -> Result {
    v1::SaveAnswerResponse response;
    const auto there = tx.Exec(kAnswer, target.organisation_id, target.case_id, target.fact_find_id,
                               answer.section_id(), answer.field_id());
    if (!there.empty()) *response.mutable_answer() = AnswerFrom(there[0]);
    // What was sent stands already: it was sent twice.
    const std::string sent = answer.value().SerializeAsString();
    response.set_saved(!there.empty() && response.answer().value().SerializeAsString() == sent);
    if (!response.saved() && find.state() == v1::FactFind::SUBMITTED) return Locked();
    response.mutable_answer()->mutable_value();
    response.mutable_answer()->set_section_id(answer.section_id());
    response.mutable_answer()->set_field_id(answer.field_id());
    return response;
  });
}

absl::StatusOr<std::vector<FactFindStore::Change>> FactFindStore::ListChanges(const Target& target,
                                                                              const Page& page) {
  using Result = absl::StatusOr<std::vector<Change>>;
  ASSIGN_OR_RETURN(const int64_t below, page.Below());
  return postgres_.Read(Rows::Of(target.organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Change> changes;
    for (const pqxx::row& row : tx.Exec(kChanges, target.organisation_id, target.case_id,
                                        target.fact_find_id, below, page.limit())) {
      changes.push_back({row["number"].as<int64_t>(), AnswerFrom(row)});
    }
    return changes;
  });
}

absl::Status FactFindStore::Submit(const Target& target, const std::string& by_contact_id,
                                   const Check& check, const Then& then) {
  return postgres_.Write(Rows::Of(target.organisation_id), [&](Transaction& tx) -> absl::Status {
    // Before the fact find's row, as whoever deletes the case has it.
    RETURN_IF_ERROR(cases_.Touch(target.organisation_id, target.case_id, "").status());
    const auto locked = tx.Exec(kSubmit, target.organisation_id, target.case_id,
                                target.fact_find_id, target.seen_by);
    if (locked.empty()) {
      RETURN_IF_ERROR(Get(target).status());
      return Locked();
    }
    ASSIGN_OR_RETURN(const std::vector<v1::Answer> answers, Answers(target));
    RETURN_IF_ERROR(check(answers));
    v1::FactFindSubmitted event;
    event.set_by_contact_id(by_contact_id);
    outbox_.Add(tx,
                Telling(event, target.organisation_id, target.case_id, FactFindFrom(locked[0])));
    return then();
  });
}

absl::StatusOr<std::vector<FactFindStore::HandedIn>> FactFindStore::ListHandedIn(
    const std::string& organisation_id, const Wanted& wanted) {
  using Result = absl::StatusOr<std::vector<HandedIn>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<HandedIn> finds;
    std::string last;
    for (const pqxx::row& row : tx.Exec(kHandedIn, organisation_id, SqlArray(wanted.case_ids),
                                        SqlArray(wanted.flow_ids), SqlArray(wanted.section_ids))) {
      if (finds.empty() || last != row["fact_find_id"].c_str()) {
        finds.push_back({.case_id = row["case_id"].c_str(),
                         .flow_id = row["flow_id"].c_str(),
                         .flow_version = row["flow_version"].as<int>(),
                         .answers = {}});
        last = row["fact_find_id"].c_str();
      }
      finds.back().answers[{row["section_id"].c_str(), row["field_id"].c_str()}].ParseFromString(
          BytesFromSql(row["value"]));
    }
    return finds;
  });
}

absl::Status FactFindStore::Unlock(const Target& target, const std::string& reason) {
  return postgres_.Write(Rows::Of(target.organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto unlocked =
        tx.Exec(kUnlock, target.organisation_id, target.case_id, target.fact_find_id, reason);
    if (unlocked.empty()) return Get(target).status();
    outbox_.Add(tx, Telling(v1::FactFindUnlocked(), target.organisation_id, target.case_id,
                            FactFindFrom(unlocked[0])));
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::cases
