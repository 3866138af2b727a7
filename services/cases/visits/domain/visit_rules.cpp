#include "services/cases/visits/domain/visit_rules.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "services/cases/domain/seen_by.h"
#include "services/cases/visits/domain/visit_time.h"
#include "services/common/base/status.h"

namespace gatehouse::cases {
namespace {

absl::Status CheckCurrent(const v1::Visit& visit, int sequence) {
  if (visit.state() == v1::Visit::CANCELLED) {
    return Refuse(v1::VISIT_CANCELLED, "the visit was cancelled");
  }
  if (visit.sequence() == sequence) return absl::OkStatus();
  return Refuse(v1::VISIT_CHANGED, "the visit was changed since it was read: read it again");
}

void Change(v1::Visit& visit, v1::Visit::State state) {
  visit.set_state(state);
  visit.set_sequence(visit.sequence() + 1);
}

// Whether this is what the contact did last, said again.
bool IsRepeated(const v1::Visit& visit, const VisitAct& act, v1::Visit::State state) {
  return visit.state() == state && visit.sequence() == act.sequence + 1 && visit.has_answer() &&
         visit.answer().contact_id() == act.contact_id;
}

void Answer(v1::Visit& visit, const std::string& contact_id, const std::string& text) {
  visit.mutable_answer()->set_contact_id(contact_id);
  visit.mutable_answer()->set_text(text);
}

void SetPlan(v1::Visit& visit, const v1::VisitPlan& plan) {
  *visit.mutable_plan() = plan;
  Resolve(*visit.mutable_plan());
  visit.set_state(plan.times_size() == 1 ? v1::Visit::CONFIRMED : v1::Visit::PROPOSED);
  if (plan.times_size() == 1) *visit.mutable_agreed_time() = visit.plan().times(0);
}

}  // namespace

v1::Visit Arrange(const std::string& contact_id, const v1::VisitPlan& plan) {
  v1::Visit visit;
  visit.set_contact_id(contact_id);
  SetPlan(visit, plan);
  return visit;
}

absl::Status Reschedule(v1::Visit& visit, const v1::VisitPlan& plan, int sequence) {
  RETURN_IF_ERROR(CheckCurrent(visit, sequence));
  SetPlan(visit, plan);
  Change(visit, visit.state());
  visit.clear_answer();
  return absl::OkStatus();
}

void Cancel(v1::Visit& visit, const std::string& reason) {
  Change(visit, v1::Visit::CANCELLED);
  visit.set_cancel_reason(reason);
}

absl::Status ChooseTime(v1::Visit& visit, const VisitAct& act, int time_index, absl::Time now) {
  if (IsRepeated(visit, act, v1::Visit::CONFIRMED)) return absl::OkStatus();
  RETURN_IF_ERROR(CheckCurrent(visit, act.sequence));
  if (time_index >= visit.plan().times_size()) {
    return RefuseField("time_index", "is none of the visit's times");
  }
  const v1::VisitTime& time = visit.plan().times(time_index);
  if (StartOf(time) <= now) {
    return Refuse(v1::VISIT_TIME_PAST, "that time is past: choose another one");
  }
  *visit.mutable_agreed_time() = time;
  Change(visit, v1::Visit::CONFIRMED);
  Answer(visit, act.contact_id, "");
  return absl::OkStatus();
}

absl::Status DeclineTimes(v1::Visit& visit, const VisitAct& act, const std::string& text) {
  if (IsRepeated(visit, act, v1::Visit::DECLINED)) return absl::OkStatus();
  RETURN_IF_ERROR(CheckCurrent(visit, act.sequence));
  Change(visit, v1::Visit::DECLINED);
  Answer(visit, act.contact_id, text);
  return absl::OkStatus();
}

v1::Visit ForClient(v1::Visit visit, const std::string& seen_by) {
  if (seen_by == kEverybody || visit.answer().contact_id() == seen_by) return visit;
  visit.clear_answer();
  return visit;
}

}  // namespace gatehouse::cases
