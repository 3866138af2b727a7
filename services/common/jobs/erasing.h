#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "gatehouse/common/v1/erasure.pb.h"
#include "services/common/base/secret.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse {

// What the services have in common that erase what they keep of a contact.

// Its cases as they were called when something was noted of them for ever: of one that was deleted,
// not the id of what was put aside.
std::vector<std::string> CaseIdsAsNamed(const common::v1::Subject& subject);

// What texts about the subject's cases are matched by (`text ~* pattern`, PostgreSQL's regular
// expressions): whether they name it, by a name, an address or a number, however its digits are
// grouped. Empty where nothing names it, which no text is to be matched by.
std::string NamingPattern(const common::v1::Subject& subject);

// Whether a serialised message has one of the subject's addresses or numbers as a field of its own,
// or is about it or one of its cases and names it. Errs on no stranger's side: whoever has the same
// name is not meant.
bool Mentions(const std::string& message, const common::v1::Subject& subject);

template <typename Texts>
std::vector<std::string> ListOf(const Texts& texts) {
  return {texts.begin(), texts.end()};
}

// Counts in a receipt, where there is something to count.
void AddErased(common::v1::PersonalData kind, int64_t count,
               common::v1::EraseContactResponse& receipt);
void AddKept(common::v1::PersonalData kind, int64_t count, common::v1::LegalGround ground,
             common::v1::EraseContactResponse& receipt);

// What every service's schema keeps sealed, whoever it is about: work that waits, also what is
// dead, and first answers.
class SealedTraces {
 public:
  struct Options {
    std::vector<Secret> job_keys;  // Under which the service's jobs rest.
    Secret once_key;
    // Whose jobs are left alone, or settled by whoever knows what hangs on them.
    std::set<std::string> spared_lanes;
  };
  explicit SealedTraces(Options options) : options_(std::move(options)) {}

  // Takes out, in the transaction, what mentions the subject or was answered to it. The audit trail
  // is told what it was to be told: it knows ids alone. Whoever waits for a job of the same key is
  // let go by the lane's next round.
  void Erase(Transaction& tx, const std::string& organisation_id,
             const common::v1::Subject& subject, common::v1::EraseContactResponse& receipt) const;

 private:
  bool IsAbout(const std::string& job_id, const std::string& sealed,
               const common::v1::Subject& subject) const;
  int64_t EraseJobs(Transaction& tx, const std::string& organisation_id,
                    const common::v1::Subject& subject) const;
  int64_t EraseAnswers(Transaction& tx, const std::string& organisation_id,
                       const common::v1::Subject& subject) const;

  const Options options_;
};

}  // namespace gatehouse
