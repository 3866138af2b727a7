#include "services/cases/erasures/store/erasure_store.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/cases/v1/events.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/cases/erasures/domain/steps.h"
#include "services/cases/erasures/store/own_data.h"
#include "services/cases/erasures/store/subjects.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/random.h"
#include "services/common/jobs/events.h"

namespace gatehouse::cases {
namespace {

using common::v1::EraseContactResponse;
using common::v1::Subject;

// Whoever asks may rely on the answer, as for a contact that a CRM takes out of a case: its
// sessions have ended then.
constexpr absl::Duration kPatience = absl::Seconds(1);

// Two who ask at once are one after the other.
constexpr char kLock[] =
    "SELECT pg_advisory_xact_lock(hashtextextended('erasure:' || $1::text || '/' || $2::text, 0))";

constexpr char kLatest[] = R"sql(
  SELECT e.*, EXISTS (SELECT FROM contact WHERE contact_id = $2 AND organisation_id = $1)
    OR EXISTS (SELECT FROM contact_portal WHERE contact_id = $2 AND organisation_id = $1) AS known
  FROM erasure AS e WHERE organisation_id = $1 AND contact_id = $2
  ORDER BY erasure_id DESC LIMIT 1)sql";

constexpr char kMake[] = R"sql(
  INSERT INTO erasure (organisation_id, erasure_id, contact_id, actor_id, actor_name, receipt)
  VALUES ($1, $2, $3, $4, $5, $6) RETURNING *)sql";
constexpr char kGet[] = "SELECT * FROM erasure WHERE organisation_id = $1 AND erasure_id = $2";
constexpr char kList[] =
    "SELECT * FROM erasure WHERE organisation_id = $1 AND erasure_id < $2 "
    "ORDER BY erasure_id DESC LIMIT $3";
constexpr char kHold[] =
    "SELECT * FROM erasure WHERE organisation_id = $1 AND erasure_id = $2 AND step = $3 "
    "FOR UPDATE";
constexpr char kAdvance[] = R"sql(
  UPDATE erasure SET step = $3, receipt = $4,
    end_time = CASE WHEN $5 THEN clock_timestamp() END
  WHERE organisation_id = $1 AND erasure_id = $2)sql";

v1::Erasure ErasureFrom(const pqxx::row& row) {
  v1::Erasure erasure;
  erasure.set_erasure_id(row["erasure_id"].c_str());
  erasure.set_contact_id(row["contact_id"].c_str());
  erasure.set_actor_id(row["actor_id"].c_str());
  erasure.set_actor_name(row["actor_name"].c_str());
  erasure.set_state(v1::Erasure::UNDER_WAY);
  erasure.set_waits_for(ServiceOf(ActOf(row["step"].as<int>())));
  EraseContactResponse receipt;
  receipt.ParseFromString(BytesFromSql(row["receipt"]));
  erasure.mutable_erased()->Swap(receipt.mutable_erased());
  erasure.mutable_kept()->Swap(receipt.mutable_kept());
  *erasure.mutable_create_time() = ToProto(TimeFromSql(row["create_time"]));
  if (!row["end_time"].is_null()) {
    erasure.set_state(v1::Erasure::DONE);
    *erasure.mutable_end_time() = ToProto(TimeFromSql(row["end_time"]));
  }
  return erasure;
}

void AddStep(const v1::ErasureStep& step, absl::Duration wait, OutboxCalls& calls) {
  calls.AddJob(kErasureLane, "erasure.step", step.SerializeAsString(),
               wait > absl::ZeroDuration() ? absl::Now() + wait : absl::InfinitePast());
}

// What was kept is looked at in each round, and said as it is then.
void Count(const EraseContactResponse& more, EraseContactResponse& receipt) {
  for (const auto& erased : more.erased()) AddErased(erased.kind(), erased.count(), receipt);
  for (const auto& kept : more.kept()) {
    auto& all = *receipt.mutable_kept();
    all.erase(std::remove_if(all.begin(), all.end(),
                             [&](const auto& one) { return one.kind() == kept.kind(); }),
              all.end());
    *all.Add() = kept;
  }
}

}  // namespace

absl::StatusOr<v1::Erasure> ErasureStore::Begin(const Call& call, const std::string& contact_id) {
  const std::string& id = call.caller.organisation_id;
  return postgres_.Write(Rows::Of(id), [&](Transaction& tx) -> absl::StatusOr<v1::Erasure> {
    tx.Exec(kLock, id, contact_id);
    const auto latest = tx.Exec(kLatest, id, contact_id);
    if (!latest.empty() && (latest[0]["end_time"].is_null() || !latest[0]["known"].as<bool>())) {
      return ErasureFrom(latest[0]);
    }
    return Make(tx, call, contact_id);
  });
}

absl::StatusOr<v1::Erasure> ErasureStore::Make(Transaction& tx, const Call& call,
                                               const std::string& contact_id) {
  const std::string& id = call.caller.organisation_id;
  v1::ErasureStep first;
  first.set_erasure_id(NewId("era"));
  *first.mutable_subject() = Gather(tx, id, contact_id);
  OutboxCalls calls(id);
  EraseContactResponse receipt;
  LeaveMirror(tx, id, contact_id, calls, receipt);
  const auto made = tx.Exec(kMake, id, first.erasure_id(), contact_id, call.caller.actor_id,
                            call.caller.actor_name, Bytes(receipt.SerializeAsString()));
  v1::ContactErasureRequested deed;
  deed.set_erasure_id(first.erasure_id());
  AddToTrail(deed, {.subject_id = contact_id, .case_id = ""}, call, calls);
  AddStep(first, absl::ZeroDuration(), calls);
  outbox_.Add(tx, std::move(calls), kPatience);
  return ErasureFrom(made[0]);
}

absl::StatusOr<v1::Erasure> ErasureStore::Get(const std::string& organisation_id,
                                              const std::string& erasure_id) {
  using Result = absl::StatusOr<v1::Erasure>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto found = tx.Exec(kGet, organisation_id, erasure_id);
    if (found.empty()) return Refuse(common::v1::NOT_FOUND, "there is no such erasure");
    return ErasureFrom(found[0]);
  });
}

absl::StatusOr<std::vector<v1::Erasure>> ErasureStore::List(const std::string& organisation_id,
                                                            const Page& page) {
  using Result = absl::StatusOr<std::vector<v1::Erasure>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<v1::Erasure> erasures;
    for (const auto& row : tx.Exec(kList, organisation_id, page.Below("era"), page.limit())) {
      erasures.push_back(ErasureFrom(row));
    }
    return erasures;
  });
}

absl::StatusOr<bool> ErasureStore::IsNext(const std::string& organisation_id,
                                          const v1::ErasureStep& step) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<bool> {
    const auto found = tx.Exec(kGet, organisation_id, step.erasure_id());
    return !found.empty() && found[0]["step"].as<int>() == step.step();
  });
}

absl::Status ErasureStore::Advance(const std::string& organisation_id, const v1::ErasureStep& done,
                                   const EraseContactResponse& more, absl::Duration wait) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto held = tx.Exec(kHold, organisation_id, done.erasure_id(), done.step());
    if (held.empty()) return absl::OkStatus();
    EraseContactResponse receipt;
    receipt.ParseFromString(BytesFromSql(held[0]["receipt"]));
    Count(more, receipt);
    v1::ErasureStep next = done;
    next.set_step(done.step() + 1);
    const bool ends = ActOf(next.step()) == ErasureAct::kDone;
    tx.Exec(kAdvance, organisation_id, done.erasure_id(), next.step(),
            Bytes(receipt.SerializeAsString()), ends);
    OutboxCalls calls(organisation_id);
    if (ends) {
      v1::ContactErased event;
      event.set_erasure_id(done.erasure_id());
      event.set_contact_id(held[0]["contact_id"].c_str());
      AddEvent(event, {.case_id = "", .time = absl::Now()}, calls);
    } else {
      AddStep(next, wait, calls);
    }
    outbox_.Add(tx, std::move(calls));
    return absl::OkStatus();
  });
}

absl::Status ErasureStore::EraseOwn(const std::string& organisation_id, const v1::ErasureStep& step,
                                    absl::Duration wait) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    if (tx.Exec(kHold, organisation_id, step.erasure_id(), step.step()).empty()) {
      return absl::OkStatus();
    }
    EraseContactResponse receipt;
    OutboxCalls calls(organisation_id);
    v1::ErasureStep wider = step;
    // A put that was under way may have brought it back, to other cases too.
    for (std::string& case_id :
         LeaveMirror(tx, organisation_id, step.subject().contact_id(), calls, receipt)) {
      const auto& known = wider.subject().case_ids();
      if (std::find(known.begin(), known.end(), case_id) == known.end()) {
        wider.mutable_subject()->add_case_ids(std::move(case_id));
      }
    }
    EraseOwnData(tx, organisation_id, wider.subject(), receipt);
    traces_.Erase(tx, organisation_id, wider.subject(), receipt);
    // Only now: what waited with an older mirror is gone, and this is the case as it is.
    if (!calls.jobs().empty()) outbox_.Add(tx, std::move(calls));
    return Advance(organisation_id, wider, receipt, wait);
  });
}

absl::StatusOr<Subject> ErasureStore::Narrow(const std::string& organisation_id,
                                             const Subject& subject, const Subject& more) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Subject> {
    return cases::Narrow(tx, organisation_id, subject, more);
  });
}

}  // namespace gatehouse::cases
