#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gatehouse/cases/v1/visits.pb.h"
#include "services/cases/store/case_file.h"
#include "services/common/base/caller.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// The lane of jobs that remind of visits.
constexpr char kVisitLane[] = "visits";

// A reminder to be: of which visit, as it was planned, and how long before it. What a job bears.
struct VisitReminder {
  std::string case_id, visit_id;
  int sequence = 0;
  int minutes = 0;

  std::string ToText() const;
  static VisitReminder From(const std::string& text);  // Empty where it is none.
};

// The visits of cases. Every method is about one organisation's rows; what is told, and each
// reminder of a time that is agreed on, is there if and only if the change is kept. Changes of one
// case are one after the other, under its row's lock. Whose visits are seen, SeenBy() says. A visit
// that is answered has the moments that follow from the rules of today.
class VisitStore {
 public:
  VisitStore(Postgres& postgres, Outbox& outbox, CaseFile& cases)
      : postgres_(postgres), outbox_(outbox), cases_(cases) {}

  // Keeps a new one, and says `visit.arranged`. Refuses NOT_FOUND, VISIT_LIMIT_REACHED where the
  // case has a hundred.
  absl::StatusOr<v1::Visit> Create(const std::string& organisation_id, const std::string& case_id,
                                   const v1::Visit& visit);
  // Newest first. Refuses NOT_FOUND.
  absl::StatusOr<std::vector<v1::Visit>> List(const std::string& organisation_id,
                                              const std::string& case_id,
                                              const std::string& seen_by);
  // Refuses NOT_FOUND.
  absl::StatusOr<v1::Visit> Get(const std::string& organisation_id, const std::string& case_id,
                                const std::string& visit_id, const std::string& seen_by);

  // What changes: a visit that `seen_by` sees.
  struct Target {
    std::string case_id, visit_id;
    std::string seen_by;
  };
  // Changes it; `then` runs in the same transaction, where something was changed. A change to
  // another plan says `visit.rescheduled`, others what the visit is then. Refuses NOT_FOUND, and
  // what `change` refuses.
  using Change = std::function<absl::Status(v1::Visit&)>;
  using Then = std::function<absl::Status()>;
  absl::StatusOr<v1::Visit> Update(
      const std::string& organisation_id, const Target& target, const Change& change,
      const Then& then = [] { return absl::OkStatus(); });

  // Adds a reminder at the time that follows from the rules of today.
  absl::Status RemindLater(const std::string& organisation_id, const v1::Visit& visit,
                           const VisitReminder& reminder);

 private:
  void Tell(Transaction& tx, const std::string& organisation_id, const std::string& case_id,
            const v1::Visit* before, const v1::Visit& visit);

  Postgres& postgres_;
  Outbox& outbox_;
  CaseFile& cases_;
};

}  // namespace gatehouse::cases
