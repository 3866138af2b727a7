#include "services/common/jobs/job.h"

#include <cstdint>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace gatehouse {
namespace {

// Of this process alone: it never travels.
constexpr char kWait[] = "gatehouse.jobs/wait";

absl::Status WithWaitOf(absl::Status status, absl::Duration wait) {
  status.SetPayload(kWait, absl::Cord(absl::StrCat(absl::ToInt64Milliseconds(wait))));
  return status;
}

}  // namespace

absl::Status LeaveAlone(absl::Duration wait) {
  return WithWaitOf(absl::UnavailableError("asks to be left alone"), wait);
}

absl::Status NotBefore(absl::Duration wait) {
  return WithWaitOf(absl::AbortedError("it is too early"), wait);
}

absl::Duration WaitAskedBy(const absl::Status& status) {
  const auto payload = status.GetPayload(kWait);
  int64_t milliseconds = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &milliseconds)) {
    return absl::ZeroDuration();
  }
  return absl::Milliseconds(milliseconds);
}

}  // namespace gatehouse
