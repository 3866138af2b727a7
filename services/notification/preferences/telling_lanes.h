#pragma once

#include "gatehouse/notification/v1/preferences.pb.h"
#include "services/common/jobs/jobs.h"
#include "services/common/jobs/outbox.h"
#include "services/common/rpc/worker_pool.h"
#include "services/notification/preferences/domain/telling.h"

namespace gatehouse::notification {

// The lanes of jobs that tell people of what happened, at once and by the daily summary.
inline constexpr char kTellingLane[] = "telling", kSummaryLane[] = "summaries";
inline constexpr int kTellingThreads = 4;

// Adds the job that tells of an event, what a contact is to be told, the one that plans the next
// summary, and the summary of `due`.
void AddTellingOf(const Event& event, OutboxCalls& calls);
void AddTellingOf(const v1::TellContactRequest& request, OutboxCalls& calls);
void AddPlanning(OutboxCalls& calls);
void AddSummary(absl::Time due, OutboxCalls& calls);

// How the lanes work, on the pool's threads.
LaneOptions TellingLane(const Telling& telling, WorkerPool& workers);
LaneOptions SummaryLane(const Telling& telling, WorkerPool& workers);
// Sets the gauges of what waits in them.
void ReportTelling(const std::string& lane, const JobStore::Backlog& backlog);

}  // namespace gatehouse::notification
