#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gatehouse/common/v1/erasure.pb.h"
#include "services/cases/erasures/domain/steps.h"
#include "services/cases/erasures/store/erasure_store.h"
#include "services/common/jobs/lane.h"
#include "services/common/rpc/client.h"

namespace gatehouse::cases {

// The other services that keep something of a contact, as an erasure asks them.
class ErasureServices {
 public:
  virtual ~ErasureServices() = default;
  // What invitation knew it by.
  virtual absl::StatusOr<common::v1::Subject> LookUpInvited(const std::string& organisation_id,
                                                            const std::string& contact_id) = 0;
  // Has the service erase what it keeps. The same request_id answers with the first result.
  virtual absl::StatusOr<common::v1::EraseContactResponse> Erase(
      ErasureAct act, const std::string& organisation_id,
      const common::v1::EraseContactRequest& request) = 0;
};

class ErasureClients : public ErasureServices {
 public:
  struct Clients {
    Client &invitation, &identity, &documents, &notification;
  };
  explicit ErasureClients(const Clients& clients) : clients_(clients) {}
  absl::StatusOr<common::v1::Subject> LookUpInvited(const std::string& organisation_id,
                                                    const std::string& contact_id) override;
  absl::StatusOr<common::v1::EraseContactResponse> Erase(
      ErasureAct act, const std::string& organisation_id,
      const common::v1::EraseContactRequest& request) override;

 private:
  const Clients clients_;
};

// Drives erasures: a job for each step, which is done until it succeeds. Whatever ends in the
// middle of one, the step is done again, and what it counted counts once.
class ContactErasing {
 public:
  // `between_rounds`: how long what the first round found under way may take to end.
  ContactErasing(ErasureStore& store, ErasureServices& services, absl::Duration between_rounds)
      : store_(store), services_(services), between_rounds_(between_rounds) {}

  // What a job of the lane kErasureLane does.
  absl::Status Do(const std::string& organisation_id, const std::string& payload);
  LaneOptions Lane();

 private:
  absl::Status LookUp(const std::string& organisation_id, v1::ErasureStep step);
  absl::Status Take(ErasureAct act, const std::string& organisation_id, const v1::ErasureStep& step,
                    absl::Duration wait);

  ErasureStore& store_;
  ErasureServices& services_;
  const absl::Duration between_rounds_;
};

}  // namespace gatehouse::cases
