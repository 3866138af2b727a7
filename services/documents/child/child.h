#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/documents/child/memory_file.h"

namespace gatehouse::documents {

struct ChildLimits {
  int cpu_seconds = 20;
  int64_t memory_bytes = int64_t{1} << 30;
  absl::Duration wait = absl::Seconds(60);
};

// How our programs exit: with the name of why they refuse as their error, or with a fault of theirs
// or of the machine's.
constexpr int kChildRefused = 3, kChildFaulty = 4;

// How a child ended, and what it wrote.
struct ChildEnd {
  bool killed = false;  // By a limit, its own or ours, or by a crash.
  int exit_code = 0;    // Of one that was not.
  std::string output, error;
};

// Runs a program of ours that reads what strangers made: PROGRAM CPU_SECONDS MEMORY_BYTES MORE….
// It binds itself to the two limits, and is killed where it takes longer than it may. It has `in`
// from its beginning as its standard input, and nothing else of ours: neither descriptors nor
// environment. A fault where it does not start.
absl::StatusOr<ChildEnd> RunChild(const std::string& program, const ChildLimits& limits,
                                  const std::vector<std::string>& more, const MemoryFile& in);

}  // namespace gatehouse::documents
