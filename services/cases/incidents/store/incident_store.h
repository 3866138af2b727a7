#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gatehouse/cases/v1/incidents.pb.h"
#include "services/cases/store/case_file.h"
#include "services/common/base/caller.h"
#include "services/common/base/page.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// The incidents of cases and what was said about them. Every method is about one organisation's
// rows; what is told is told if and only if the change is kept. Whose incidents are seen, SeenBy()
// says.
class IncidentStore {
 public:
  IncidentStore(Postgres& postgres, Outbox& outbox, CaseFile& cases)
      : postgres_(postgres), outbox_(outbox), cases_(cases) {}

  struct Report {
    std::string case_id, type_id, contact_id, text;
    std::vector<std::string> document_ids;  // Of files that go with it.
  };
  // Says `incident.created`. Refuses NOT_FOUND, INCIDENT_LIMIT_REACHED where a hundred of the case
  // are not resolved.
  absl::StatusOr<v1::Incident> Create(const std::string& organisation_id, const Report& report);

  // Newest first, without messages; the key of a page is the id. Refuses NOT_FOUND.
  absl::StatusOr<std::vector<v1::Incident>> List(const std::string& organisation_id,
                                                 const std::string& case_id,
                                                 const std::string& seen_by, const Page& page);
  // With its messages. Refuses NOT_FOUND.
  absl::StatusOr<v1::Incident> Get(const std::string& organisation_id, const std::string& case_id,
                                   const std::string& incident_id, const std::string& seen_by);

  struct Reply {
    std::string case_id, incident_id;
    std::string seen_by;
    std::string text;
    std::vector<std::string> document_ids;
    bool by_staff = false;
    std::string contact_id, staff_name;  // Who writes: one of the two.
    v1::IncidentState state = v1::OPEN;  // What the incident is then.
  };
  // Says `incident.replied`. Refuses NOT_FOUND, INCIDENT_FULL after two hundred messages.
  absl::StatusOr<v1::Incident> Add(const std::string& organisation_id, const Reply& reply);

 private:
  Postgres& postgres_;
  Outbox& outbox_;
  CaseFile& cases_;
};

}  // namespace gatehouse::cases
