#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "gatehouse/cases/v1/drawings.pb.h"
#include "services/cases/store/case_file.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// The drawings of cases, one each. Every method is about one organisation's rows.
class DrawingStore {
 public:
  DrawingStore(Postgres& postgres, Outbox& outbox, CaseFile& cases)
      : postgres_(postgres), outbox_(outbox), cases_(cases) {}

  // An empty one before there is any. Refuses NOT_FOUND for the case.
  absl::StatusOr<v1::Drawing> Get(const std::string& organisation_id, const std::string& case_id);

  // What a contact draws: `drawing`, of which the columns' own fields are not looked at.
  struct Change {
    std::string case_id, contact_id;
    std::string etag;  // The one that was read; empty: whichever.
    v1::Drawing drawing;
  };
  // Says `drawing.updated`, where it is another one than before. Changes of one case are one after
  // the other, under its row's lock. Refuses NOT_FOUND, ETAG_MISMATCH.
  absl::StatusOr<v1::Drawing> Put(const std::string& organisation_id, const Change& change);

 private:
  Postgres& postgres_;
  Outbox& outbox_;
  CaseFile& cases_;
};

}  // namespace gatehouse::cases
