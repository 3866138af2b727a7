#include "services/identity/domain/scopes.h"

#include <algorithm>
#include <numeric>

#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::identity {

size_t EditDistance(const std::string& a, const std::string& b) {
  // One row of Levenshtein's table: the distances of a's beginning to each beginning of b.
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

absl::Status CheckScopesKnown(const std::vector<std::string>& wanted,
                              const std::set<std::string>& known) {
  for (const std::string& scope : wanted) {
    if (known.count(scope) != 0) continue;
    const auto nearest =
        std::min_element(known.begin(), known.end(), [&](const auto& one, const auto& other) {
          return EditDistance(scope, one) < EditDistance(scope, other);
        });
    const absl::Status refusal =
        Refuse(v1::SCOPE_UNKNOWN, "there is no such scope: see the nearest that there is");
    return WithFact(WithFact(refusal, "scope", scope), "nearest", *nearest);
  }
  return absl::OkStatus();
}

}  // namespace gatehouse::identity
