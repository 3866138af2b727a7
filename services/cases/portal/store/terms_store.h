#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gatehouse/cases/v1/portal.pb.h"
#include "services/common/base/caller.h"
#include "services/common/base/page.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// The terms of organisations, who accepted them, and who was welcomed. Every method is about one
// organisation's rows; what is told is told if and only if the change is kept: to the feed, and to
// identity, which keeps out who has not accepted the terms that hold. It is waited for briefly.
class TermsStore {
 public:
  TermsStore(Postgres& postgres, Outbox& outbox) : postgres_(postgres), outbox_(outbox) {}

  // Makes the next version, and says `terms.published`.
  absl::StatusOr<v1::Terms> Publish(const Caller& caller, const v1::PublishTermsRequest& request);
  // `version` 0: the one that holds now. Refuses NOT_FOUND.
  absl::StatusOr<v1::Terms> Get(const std::string& organisation_id, int version);

  // Keeps that the caller accepts this version, once, and says `terms.accepted`. Refuses NOT_FOUND
  // where there are no terms, TERMS_OUTDATED for another version than the one that holds now.
  absl::Status Accept(const Call& call, const v1::AcceptTermsRequest& request);
  // Newest first, by their numbers, which are the keys of a page.
  struct Acceptance {
    int64_t number = 0;
    v1::TermsAcceptance acceptance;
  };
  absl::StatusOr<std::vector<Acceptance>> ListAcceptances(const std::string& organisation_id,
                                                          const Page& page);

  // How a client stands: the version that holds now (0: none), when it accepted that, and whether
  // it was welcomed.
  struct Standing {
    int version = 0;
    std::optional<absl::Time> accepted;
    bool welcomed = false;

    // The version that it must accept first; 0: none.
    int due() const { return accepted.has_value() ? 0 : version; }
  };
  absl::StatusOr<Standing> StandingOf(const Caller& caller);
  absl::Status FinishWelcome(const Caller& caller);

 private:
  Postgres& postgres_;
  Outbox& outbox_;
};

}  // namespace gatehouse::cases
