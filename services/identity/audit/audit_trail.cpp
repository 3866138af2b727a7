#include "services/identity/audit/audit_trail.h"

#include <algorithm>
#include <vector>

#include "services/common/base/status.h"
#include "services/common/observe/metrics.h"

namespace gatehouse::identity {
namespace {

constexpr absl::Duration kRound = absl::Seconds(2);

// Walks from the row after `walk` to the head, or as far as one call goes.
absl::Status Walk(PostgresAuditChain& chain, const std::string& organisation_id,
                  const AuditHead& head, AuditWalk& walk, AuditVerification& found) {
  const int64_t end = std::min(head.number, walk.number() + kAuditVerifiedMax);
  while (walk.number() < end) {
    ASSIGN_OR_RETURN(const std::vector<AuditLink> links,
                     chain.List(organisation_id, walk.number(), kAuditRead));
    if (links.empty()) {
      found.broken_link = BrokenLink{walk.number() + 1, "", AuditBreak::kMissing};
      return absl::OkStatus();
    }
    for (const AuditLink& link : links) {
      if (walk.number() == end) break;
      found.broken_link = walk.Step(link);
      if (found.broken_link.has_value()) return absl::OkStatus();
    }
  }
  if (walk.number() == head.number && walk.hash() != head.hash) {
    found.broken_link = BrokenLink{head.number, "", AuditBreak::kAltered};
  }
  return absl::OkStatus();
}

// The hash that the row after `number` must name, or how the row itself is broken.
absl::StatusOr<std::string> HashAt(PostgresAuditChain& chain, const std::string& organisation_id,
                                   const AuditHead& head, int64_t number, const std::string& noted,
                                   AuditVerification& found) {
  if (number == head.anchor_number) {
    if (noted.empty() || noted == head.anchor_hash) return head.anchor_hash;
    found.broken_link = BrokenLink{number, "", AuditBreak::kAltered};
    return noted;
  }
  ASSIGN_OR_RETURN(const std::vector<AuditLink> links, chain.List(organisation_id, number - 1, 1));
  if (links.empty() || links[0].number != number) {
    found.broken_link = BrokenLink{number, "", AuditBreak::kMissing};
    return noted;
  }
  if (!noted.empty() && noted != links[0].hash) {
    found.broken_link = BrokenLink{number, links[0].event.audit_event_id, AuditBreak::kAltered};
  }
  return links[0].hash;
}

absl::StatusOr<AuditVerification> VerifyFrom(PostgresAuditChain& chain,
                                             const std::string& organisation_id,
                                             const AuditHead& head, int64_t after_number,
                                             const std::string& after_hash) {
  AuditVerification found = {.head_number = head.number, .waiting = head.waiting};
  // What is past its retention is not there to be looked at.
  const bool gone = after_number < head.anchor_number;
  const int64_t after = gone ? head.anchor_number : after_number;
  ASSIGN_OR_RETURN(const std::string hash, HashAt(chain, organisation_id, head, after,
                                                  gone ? std::string() : after_hash, found));
  AuditWalk walk(organisation_id, after, hash);
  if (!found.broken_link.has_value()) {
    RETURN_IF_ERROR(Walk(chain, organisation_id, head, walk, found));
  }
  found.first_number = walk.number() > after ? after + 1 : 0;
  found.last_number = walk.number();
  found.last_hash = walk.hash();
  return found;
}

}  // namespace

absl::StatusOr<AuditVerification> VerifyAuditTrail(PostgresAuditChain& chain,
                                                   const std::string& organisation_id,
                                                   int64_t after_number,
                                                   const std::string& after_hash) {
  ASSIGN_OR_RETURN(AuditHead head, chain.FindHead(organisation_id));
  while (true) {
    ASSIGN_OR_RETURN(const AuditVerification found,
                     VerifyFrom(chain, organisation_id, head, after_number, after_hash));
    if (!found.broken_link.has_value()) return found;
    // Rows that passed their retention meanwhile are not missing.
    ASSIGN_OR_RETURN(AuditHead now, chain.FindHead(organisation_id));
    if (now.anchor_number <= head.anchor_number) return found;
    head = std::move(now);
  }
}

AuditExtender::~AuditExtender() {
  stopping_ = true;
  wakeup_.Signal();
  if (thread_.joinable()) thread_.join();
}

void AuditExtender::Start() {
  thread_ = std::thread([this] {
    while (!stopping_) {
      const auto extended = chain_.Extend();
      if (const auto waiting = chain_.CountWaiting(); waiting.ok()) {
        SetGauge("gatehouse_audit_rows_waiting", {}, *waiting);
      }
      // Much waits: on with it.
      if (extended.ok() && *extended >= kAuditRead) continue;
      if (!stopping_) wakeup_.Wait(kRound);
    }
  });
}

}  // namespace gatehouse::identity
