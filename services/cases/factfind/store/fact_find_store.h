#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "gatehouse/cases/v1/factfind.pb.h"
#include "services/cases/factfind/domain/progress.h"
#include "services/cases/factfind/store/flow_store.h"
#include "services/cases/store/case_file.h"
#include "services/common/base/caller.h"
#include "services/common/base/page.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// What contacts of cases are asked, and what was answered. Every method is about one organisation's
// rows; what is told is told if and only if the change is kept.
class FactFindStore {
 public:
  FactFindStore(Postgres& postgres, Outbox& outbox, CaseFile& cases)
      : postgres_(postgres), outbox_(outbox), cases_(cases) {}

  // Which fact find, and whose are seen: SeenBy() says.
  struct Target {
    std::string organisation_id, case_id, fact_find_id, seen_by;
  };

  // The one of this contact, case and flow, opened where there is none, in the flow's current
  // version. Says `factFind.opened`. Refuses NOT_FOUND for a case that is not there, FLOW_UNKNOWN,
  // FACT_FIND_LIMIT_REACHED.
  absl::StatusOr<v1::FactFind> Open(const std::string& organisation_id,
                                    const v1::CreateFactFindRequest& request);
  // Without definition and answers. Refuses NOT_FOUND for a case that is not there.
  absl::StatusOr<std::vector<v1::FactFind>> List(const Target& target);
  // Without definition and answers. Refuses NOT_FOUND.
  absl::StatusOr<v1::FactFind> Get(const Target& target);
  // What never changes of it: whose it is, its flow and the version. That is remembered, so it says
  // nothing of whether the fact find is still there, or may be answered: Save does. Refuses
  // NOT_FOUND.
  absl::StatusOr<v1::FactFind> Opened(const Target& target);
  // What was answered, also what was taken back.
  absl::StatusOr<std::vector<v1::Answer>> Answers(const Target& target);

  // Saves an answer whose etag is still the current one; of two at once one wins. `saved` is false
  // where somebody else's stands. Refuses NOT_FOUND, FACT_FIND_LOCKED.
  absl::StatusOr<v1::SaveAnswerResponse> Save(const Target& target, const v1::Answer& answer);

  // A change of an answer, and its number.
  struct Change {
    int64_t number = 0;
    v1::Answer answer;
  };
  // Newest first.
  absl::StatusOr<std::vector<Change>> ListChanges(const Target& target, const Page& page);

  // Locks the answers if `check` finds them whole, and calls `then`, in one transaction, under the
  // case's lock. Says `factFind.submitted`. Refuses NOT_FOUND, FACT_FIND_LOCKED, and what those do.
  using Check = std::function<absl::Status(const std::vector<v1::Answer>&)>;
  using Then = std::function<absl::Status()>;
  absl::Status Submit(const Target& target, const std::string& by_contact_id, const Check& check,
                      const Then& then);
  // Of these cases, each fact find that was handed in of one of these flows, with its answers in
  // these sections, where there are some.
  struct HandedIn {
    std::string case_id, flow_id;
    int flow_version = 0;
    cases::Answers answers;  // The type: a method has its name.
  };
  struct Wanted {
    std::vector<std::string> case_ids, flow_ids, section_ids;
  };
  absl::StatusOr<std::vector<HandedIn>> ListHandedIn(const std::string& organisation_id,
                                                     const Wanted& wanted);

  // Says `factFind.unlocked`; nothing where it is not locked. Refuses NOT_FOUND.
  absl::Status Unlock(const Target& target, const std::string& reason);

 private:
  absl::StatusOr<v1::SaveAnswerResponse> Standing(const Target& target, const v1::Answer& answer);

  Postgres& postgres_;
  Outbox& outbox_;
  CaseFile& cases_;
  std::mutex mutex_;
  // By organisation, case and fact find.
  std::map<std::tuple<std::string, std::string, std::string>, v1::FactFind> opened_;
};

}  // namespace gatehouse::cases
