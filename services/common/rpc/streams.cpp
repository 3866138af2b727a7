#include "services/common/rpc/streams.h"

#include <algorithm>

#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/observe/metrics.h"
#include "services/common/text/network.h"

namespace gatehouse {
namespace {

absl::Status Refused(const char* whose) {
  Count("gatehouse_streams_refused_total", {{"limit", whose}});
  return WithFact(RefuseUntil(common::v1::TOO_MANY_STREAMS,
                              "too many uploads and downloads are under way: try again later",
                              absl::Seconds(5)),
                  "limit", whose);
}

bool Has(const std::map<std::string, int>& counts, const std::string& name, int max) {
  const auto count = counts.find(name);
  return !name.empty() && count != counts.end() && count->second >= max;
}

void AddTo(std::map<std::string, int>& counts, const std::string& name, int count) {
  if ((counts[name] += count) == 0) counts.erase(name);
}

}  // namespace

void Streams::Add(const Call* call, int count) {
  if (call == nullptr) return;
  AddTo(by_credential_, call->caller.credential_id, count);
  AddTo(by_address_, NetworkOf(call->client_address), count);
}

absl::Status Streams::Join(Member& member) {
  const std::lock_guard lock(mutex_);
  if (static_cast<int>(members_.size()) >= limits_.streams_max) return Refused("server");
  members_[&member] = {};
  SetGauge("gatehouse_streams", {}, static_cast<double>(members_.size()));
  return absl::OkStatus();
}

absl::Status Streams::Claim(Member& member, const Call& call) {
  const std::lock_guard lock(mutex_);
  if (Has(by_credential_, call.caller.credential_id, limits_.per_credential_max)) {
    return Refused("credential");
  }
  if (Has(by_address_, NetworkOf(call.client_address), limits_.per_address_max)) {
    return Refused("address");
  }
  members_.at(&member).call = &call;
  Add(&call, 1);
  return absl::OkStatus();
}

void Streams::Leave(Member& member) {
  const std::lock_guard lock(mutex_);
  const auto entry = members_.find(&member);
  if (entry == members_.end()) return;
  Add(entry->second.call, -1);
  members_.erase(entry);
  SetGauge("gatehouse_streams", {}, static_cast<double>(members_.size()));
  committed_.notify_all();
}

bool Streams::MayCommit(Member& member) {
  const std::lock_guard lock(mutex_);
  Entry& entry = members_.at(&member);
  entry.committing = !entry.revoked;
  return entry.committing;
}

void Streams::Committed(Member& member) {
  const std::lock_guard lock(mutex_);
  members_.at(&member).committing = false;
  committed_.notify_all();
}

void Streams::Revoke(const std::vector<std::string>& ids, absl::Duration patience) {
  const auto revoked = [&](const std::string& id) {
    return !id.empty() && std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  std::unique_lock lock(mutex_);
  for (auto& [member, entry] : members_) {
    if (entry.call == nullptr) continue;
    if (!entry.call->caller.StandsOn(revoked)) continue;
    entry.revoked = true;
    member->End(
        Refuse(common::v1::CREDENTIAL_INVALID, "the credential is not valid, or not any more"));
  }
  committed_.wait_for(lock, absl::ToChronoMilliseconds(patience), [&] {
    return std::none_of(members_.begin(), members_.end(), [](const auto& member) {
      return member.second.revoked && member.second.committing;
    });
  });
}

void Streams::Look(absl::Time now) {
  const std::lock_guard lock(mutex_);
  for (auto& [member, entry] : members_) {
    member->Look(now);
    if (draining_) member->Drain();
  }
}

void Streams::Drain() {
  const std::lock_guard lock(mutex_);
  draining_ = true;
}

}  // namespace gatehouse
