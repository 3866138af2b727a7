#include "services/documents/scanning/domain/scanner.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kFindingMax = 200;

bool IsOfALimit(absl::string_view finding) {
  return absl::StartsWith(finding, "Heuristics.Limits.Exceeded") ||
         absl::StartsWith(finding, "Heuristics.Encrypted");
}

}  // namespace

absl::StatusOr<Verdict> VerdictOf(const std::string& answer) {
  bool clean = false;
  Verdict limited;
  for (absl::string_view line :
       absl::StrSplit(answer, absl::ByAnyChar(absl::string_view("\0\n", 2)), absl::SkipEmpty())) {
    absl::ConsumePrefix(&line, "stream: ");
    if (absl::ConsumeSuffix(&line, " FOUND")) {
      const Verdict found = {IsOfALimit(line) ? Scan::kUnscanned : Scan::kInfected,
                             std::string(line.substr(0, kFindingMax))};
      if (found.scan == Scan::kInfected) return found;
      limited = found;
    } else if (absl::StartsWith(line, "INSTREAM size limit exceeded")) {
      limited = {Scan::kUnscanned, "INSTREAM size limit exceeded"};
    } else if (line == "OK") {
      clean = true;
    } else {
      return absl::InternalError(absl::StrCat("clamd: ", line.substr(0, kFindingMax)));
    }
  }
  if (!limited.finding.empty()) return limited;
  if (clean) return Verdict{Scan::kClean, ""};
  return absl::InternalError("clamd: no answer");
}

int64_t DatabaseOf(const std::string& version) {
  const std::vector<absl::string_view> parts = absl::StrSplit(version, '/');
  int64_t number = 0;
  if (parts.size() < 2 || !absl::SimpleAtoi(parts[1], &number)) return 0;
  return std::max<int64_t>(number, 0);
}

}  // namespace gatehouse::documents
