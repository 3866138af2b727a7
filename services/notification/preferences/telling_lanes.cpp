#include "services/notification/preferences/telling_lanes.h"

#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/common/base/caller.h"
#include "services/common/base/proto_time.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse::notification {
namespace {

constexpr char kOfEvent[] = "event", kOfContact[] = "contact", kOfDay[] = "summary",
               kPlan[] = "plan";

absl::Status TellEvent(const Telling& telling, const Job& job) {
  v1::Event kept;
  if (!kept.ParseFromString(job.payload)) return absl::InternalError("the job cannot be read");
  return telling.TellEvent(job.organisation_id, {.event_id = kept.event_id(),
                                                 .type = kept.type(),
                                                 .case_id = kept.case_id(),
                                                 .time = FromProto(kept.time()),
                                                 .data = {kept.data().begin(), kept.data().end()}});
}

absl::Status TellContact(const Telling& telling, const Job& job) {
  v1::TellContactRequest kept;
  if (!kept.ParseFromString(job.payload)) return absl::InternalError("the job cannot be read");
  return telling.TellContact(job.organisation_id,
                             {.request_id = kept.request_id(),
                              .action = kept.action(),
                              .case_id = kept.case_id(),
                              .contact_id = kept.contact_id(),
                              .values = {kept.parameters().begin(), kept.parameters().end()}});
}

absl::Status SendSummary(const Telling& telling, const Job& job) {
  absl::Time due;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, job.payload, &due, &error)) {
    return absl::InternalError("the job cannot be read");
  }
  return telling.SendSummary(job.organisation_id, due);
}

absl::Status Do(const Telling& telling, const Job& job) {
  if (job.kind == kOfDay) return SendSummary(telling, job);
  if (job.kind == kPlan) return telling.PlanSummary(job.organisation_id);
  return job.kind == kOfContact ? TellContact(telling, job) : TellEvent(telling, job);
}

LaneOptions Lane(const Telling& telling, WorkerPool& workers, absl::Duration timeout) {
  LaneOptions lane([&telling, &workers](const Job& job, const JobDone& done) {
    const bool taken = workers.Run([&telling, job, done, call = Call::Current()] {
      const CallScope scope(call);
      const absl::Status told = Do(telling, job);
      if (!told.ok()) LogWarning("telling.failed", {{"job", job.id}, {"error", told.ToString()}});
      done(told);
    });
    if (!taken) done(NotBefore(absl::Seconds(1)));
  });
  lane.at_once = kTellingThreads;
  lane.timeout = timeout;
  lane.lease = 2 * timeout;
  return lane;
}

}  // namespace

void AddTellingOf(const Event& event, OutboxCalls& calls) {
  v1::Event kept;
  kept.set_event_id(event.event_id);
  kept.set_type(event.type);
  kept.set_case_id(event.case_id);
  *kept.mutable_time() = ToProto(event.time);
  kept.mutable_data()->insert(event.data.begin(), event.data.end());
  calls.AddJob(kTellingLane, kOfEvent, kept.SerializeAsString(), absl::InfinitePast());
}

void AddTellingOf(const v1::TellContactRequest& request, OutboxCalls& calls) {
  calls.AddJob(kTellingLane, kOfContact, request.SerializeAsString(), absl::InfinitePast());
}

void AddPlanning(OutboxCalls& calls) {
  calls.AddJob(kTellingLane, kPlan, "", absl::InfinitePast());
}

void AddSummary(absl::Time due, OutboxCalls& calls) {
  calls.AddJob(kSummaryLane, kOfDay, absl::FormatTime(absl::RFC3339_full, due, absl::UTCTimeZone()),
               due);
}

LaneOptions TellingLane(const Telling& telling, WorkerPool& workers) {
  return Lane(telling, workers, absl::Seconds(10));
}

void ReportTelling(const std::string& lane, const JobStore::Backlog& backlog) {
  SetGauge("gatehouse_notices_waiting", {{"lane", lane}}, static_cast<double>(backlog.waiting));
}

LaneOptions SummaryLane(const Telling& telling, WorkerPool& workers) {
  // It asks for all cases of a day.
  return Lane(telling, workers, absl::Seconds(60));
}

}  // namespace gatehouse::notification
