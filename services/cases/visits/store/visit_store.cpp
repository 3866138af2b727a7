#include "services/cases/visits/store/visit_store.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "gatehouse/cases/v1/events.pb.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/cases/visits/domain/visit_time.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/random.h"
#include "services/common/jobs/events.h"

namespace gatehouse::cases {
namespace {

constexpr int kVisitsMax = 100;  // Of a case.

constexpr char kCount[] =
    "SELECT count(*) AS visits FROM visit WHERE organisation_id = $1 AND case_id = $2";

constexpr char kCreate[] = R"sql(
  INSERT INTO visit (organisation_id, case_id, visit_id, contact_id, state, plan, agreed)
  VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *)sql";

constexpr char kList[] = R"sql(
  SELECT * FROM visit WHERE organisation_id = $1 AND case_id = $2
    AND ($3 = '*' OR contact_id IN ('', $3))
  ORDER BY visit_id DESC)sql";

constexpr char kGet[] = R"sql(
  SELECT * FROM visit WHERE organisation_id = $1 AND case_id = $2 AND visit_id = $3
    AND ($4 = '*' OR contact_id IN ('', $4)))sql";

constexpr char kUpdate[] = R"sql(
  UPDATE visit SET state = $4, sequence = $5, plan = $6, agreed = $7, cancel_reason = $8,
    answered_by = $9, answer = $10, update_time = clock_timestamp(),
    answer_time = CASE WHEN $9 = '' THEN NULL ELSE clock_timestamp() END
  WHERE organisation_id = $1 AND case_id = $2 AND visit_id = $3 RETURNING *)sql";

v1::Visit VisitFrom(const pqxx::row& row) {
  v1::Visit visit;
  visit.set_visit_id(row["visit_id"].c_str());
  visit.set_contact_id(row["contact_id"].c_str());
  visit.set_state(static_cast<v1::Visit::State>(row["state"].as<int>()));
  visit.set_sequence(row["sequence"].as<int>());
  visit.mutable_plan()->ParseFromString(BytesFromSql(row["plan"]));
  Resolve(*visit.mutable_plan());
  if (const std::string agreed = BytesFromSql(row["agreed"]); !agreed.empty()) {
    visit.mutable_agreed_time()->ParseFromString(agreed);
    Resolve(*visit.mutable_agreed_time());
  }
  visit.set_cancel_reason(row["cancel_reason"].c_str());
  if (!row["answer_time"].is_null()) {
    visit.mutable_answer()->set_contact_id(row["answered_by"].c_str());
    visit.mutable_answer()->set_text(row["answer"].c_str());
    *visit.mutable_answer()->mutable_create_time() = ToProto(TimeFromSql(row["answer_time"]));
  }
  *visit.mutable_create_time() = ToProto(TimeFromSql(row["create_time"]));
  *visit.mutable_update_time() = ToProto(TimeFromSql(row["update_time"]));
  return visit;
}

std::string AgreedOf(const v1::Visit& visit) {
  return visit.has_agreed_time() ? visit.agreed_time().SerializeAsString() : "";
}

absl::Status NotFound() { return Refuse(common::v1::NOT_FOUND, "there is no such visit"); }

// What becomes of one visit is told in its order: whoever tells holds its case's row.
template <typename Event>
void Say(Event event, const std::string& case_id, const v1::Visit& visit,
         const std::string& contact_id, OutboxCalls& calls) {
  event.set_visit_id(visit.visit_id());
  event.set_contact_id(contact_id);
  AddEvent(event,
           {.case_id = case_id,
            .time = absl::Now(),
            .order_key = "visit:" + visit.visit_id(),
            .once = ""},
           calls);
}

void AddReminder(const v1::Visit& visit, const VisitReminder& reminder, OutboxCalls& calls) {
  const absl::Time due = StartOf(visit.agreed_time()) - absl::Minutes(reminder.minutes);
  if (due <= absl::Now()) return;
  calls.AddJob(kVisitLane, "visit.remind", reminder.ToText(), due);
}

}  // namespace

std::string VisitReminder::ToText() const {
  return absl::StrCat(case_id, "/", visit_id, "/", sequence, "/", minutes);
}

VisitReminder VisitReminder::From(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  VisitReminder reminder;
  if (parts.size() != 4 || !absl::SimpleAtoi(parts[2], &reminder.sequence) ||
      !absl::SimpleAtoi(parts[3], &reminder.minutes)) {
    return VisitReminder();
  }
  reminder.case_id = parts[0];
  reminder.visit_id = parts[1];
  return reminder;
}

absl::StatusOr<v1::Visit> VisitStore::Create(const std::string& organisation_id,
                                             const std::string& case_id, const v1::Visit& visit) {
  using Result = absl::StatusOr<v1::Visit>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    RETURN_IF_ERROR(cases_.Touch(organisation_id, case_id, "").status());
    if (tx.Exec(kCount, organisation_id, case_id)[0]["visits"].as<int>() >= kVisitsMax) {
      return Refuse(v1::VISIT_LIMIT_REACHED, "the case has a hundred visits");
    }
    const auto made = tx.Exec(kCreate, organisation_id, case_id, NewId("visit"), visit.contact_id(),
                              static_cast<int>(visit.state()),
                              Bytes(visit.plan().SerializeAsString()), Bytes(AgreedOf(visit)));
    v1::Visit kept = VisitFrom(made[0]);
    Tell(tx, organisation_id, case_id, nullptr, kept);
    return kept;
  });
}

absl::StatusOr<std::vector<v1::Visit>> VisitStore::List(const std::string& organisation_id,
                                                        const std::string& case_id,
                                                        const std::string& seen_by) {
  using Result = absl::StatusOr<std::vector<v1::Visit>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<v1::Visit> visits;
    for (const pqxx::row& row : tx.Exec(kList, organisation_id, case_id, seen_by)) {
      visits.push_back(VisitFrom(row));
    }
    if (visits.empty()) RETURN_IF_ERROR(cases_.Etag(organisation_id, case_id).status());
    return visits;
  });
}

absl::StatusOr<v1::Visit> VisitStore::Get(const std::string& organisation_id,
                                          const std::string& case_id, const std::string& visit_id,
                                          const std::string& seen_by) {
  using Result = absl::StatusOr<v1::Visit>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto found = tx.Exec(kGet, organisation_id, case_id, visit_id, seen_by);
    if (found.empty()) return NotFound();
    return VisitFrom(found[0]);
  });
}

absl::StatusOr<v1::Visit> VisitStore::Update(const std::string& organisation_id,
                                             const Target& target, const Change& change,
                                             const Then& then) {
  using Result = absl::StatusOr<v1::Visit>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    RETURN_IF_ERROR(cases_.Touch(organisation_id, target.case_id, "").status());
    ASSIGN_OR_RETURN(const v1::Visit before,
                     Get(organisation_id, target.case_id, target.visit_id, target.seen_by));
    v1::Visit visit = before;
    RETURN_IF_ERROR(change(visit));
    if (visit.sequence() == before.sequence()) return before;
    const auto kept = tx.Exec(
        kUpdate, organisation_id, target.case_id, target.visit_id, static_cast<int>(visit.state()),
        visit.sequence(), Bytes(visit.plan().SerializeAsString()), Bytes(AgreedOf(visit)),
        visit.cancel_reason(), visit.answer().contact_id(), visit.answer().text());
    visit = VisitFrom(kept[0]);
    Tell(tx, organisation_id, target.case_id, &before, visit);
    RETURN_IF_ERROR(then());
    return visit;
  });
}

absl::Status VisitStore::RemindLater(const std::string& organisation_id, const v1::Visit& visit,
                                     const VisitReminder& reminder) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) {
    OutboxCalls calls(organisation_id);
    AddReminder(visit, reminder, calls);
    outbox_.Add(tx, std::move(calls));
    return absl::OkStatus();
  });
}

void VisitStore::Tell(Transaction& tx, const std::string& organisation_id,
                      const std::string& case_id, const v1::Visit* before, const v1::Visit& visit) {
  OutboxCalls calls(organisation_id);
  const bool chosen = visit.has_answer() && visit.state() == v1::Visit::CONFIRMED;
  if (before == nullptr) {
    Say(v1::VisitArranged(), case_id, visit, visit.contact_id(), calls);
  } else if (visit.state() == v1::Visit::CANCELLED) {
    Say(v1::VisitCancelled(), case_id, visit, visit.contact_id(), calls);
  } else if (visit.state() == v1::Visit::DECLINED) {
    Say(v1::VisitDeclined(), case_id, visit, visit.answer().contact_id(), calls);
  } else if (chosen) {
    Say(v1::VisitConfirmed(), case_id, visit, visit.answer().contact_id(), calls);
  } else {
    Say(v1::VisitRescheduled(), case_id, visit, visit.contact_id(), calls);
  }
  if (visit.state() == v1::Visit::CONFIRMED) {
    for (const int minutes : visit.plan().reminder_minutes()) {
      AddReminder(visit,
                  {.case_id = case_id,
                   .visit_id = visit.visit_id(),
                   .sequence = visit.sequence(),
                   .minutes = minutes},
                  calls);
    }
  }
  outbox_.Add(tx, std::move(calls));
}

}  // namespace gatehouse::cases
