#include "services/common/jobs/gathering.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <cstdint>

#include "absl/time/clock.h"
#include "services/common/base/caller.h"

namespace gatehouse {
namespace {

// A message whose first field is repeated, of these.
std::string Together(const std::vector<std::string>& requests) {
  using google::protobuf::internal::WireFormatLite;
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    for (const std::string& request : requests) {
      coded.WriteTag(WireFormatLite::MakeTag(1, WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
      coded.WriteVarint32(static_cast<uint32_t>(request.size()));
      coded.WriteString(request);
    }
  }
  return bytes;
}

// Whether it says the same of each, rather than of one of them.
bool IsOfAll(const absl::Status& status) {
  return status.ok() || absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

}  // namespace

void Gathering::Do(const Job& job, JobDone done) {
  const Key key = {job.kind, job.organisation_id};
  Item item = {job.payload, job.traceparent, absl::Now() + timeout_, std::move(done)};
  if (many_of_.count(job.kind) == 0) {
    return start_(job.kind, job.organisation_id, job.payload, item.deadline, std::move(item.done));
  }
  {
    const std::lock_guard lock(mutex_);
    const auto [line, idle] = lines_.try_emplace(key);
    if (!idle) {
      line->second.push_back(std::move(item));
      return;
    }
  }
  Items alone;
  alone.push_back(std::move(item));
  Go(key, std::move(alone));
}

Gathering::Items Gathering::Next(const Key& key) {
  const std::lock_guard lock(mutex_);
  const auto line = lines_.find(key);
  std::deque<Item>& waiting = line->second;
  Items next;
  size_t bytes = 0;
  while (!waiting.empty() && next.size() < kMost) {
    bytes += waiting.front().request.size();
    if (!next.empty() && bytes > kMostBytes) break;
    next.push_back(std::move(waiting.front()));
    waiting.pop_front();
  }
  if (next.empty()) lines_.erase(line);
  return next;
}

// Who is told that it is done may end the lane at once: this outlives the call by itself.
void Gathering::Go(const Key& key, Items items) {
  if (items.empty()) return;
  if (items.size() > 1) return GoTogether(key, std::move(items));
  const Item item = std::move(items.front());
  Begin(key.first, key, item.request, item, item.deadline,
        [self = shared_from_this(), key, done = item.done](absl::Status status) {
          done(std::move(status));
          self->Go(key, self->Next(key));
        });
}

void Gathering::GoTogether(const Key& key, Items items) {
  std::vector<std::string> requests;
  absl::Time deadline = absl::InfiniteFuture();
  for (const Item& item : items) {
    requests.push_back(item.request);
    deadline = std::min(deadline, item.deadline);
  }
  const Item first = items.front();
  Begin(many_of_.at(key.first), key, Together(requests), first, deadline,
        [self = shared_from_this(), key, items = std::move(items)](const absl::Status& status) {
          for (const Item& item : items) {
            if (IsOfAll(status)) {
              item.done(status);
            } else {
              self->Begin(key.first, key, item.request, item, item.deadline, item.done);
            }
          }
          self->Go(key, self->Next(key));
        });
}

// As part of the trace of the first of them.
void Gathering::Begin(const std::string& method, const Key& key, const std::string& request,
                      const Item& first, absl::Time deadline, JobDone done) {
  Call call;
  call.trace = ParseTraceparent(first.traceparent).value_or(Trace());
  const CallScope scope(call);
  start_(method, key.second, request, deadline, std::move(done));
}

}  // namespace gatehouse
