#include "services/identity/store/audit_row.h"

#include <nlohmann/json.hpp>

#include "services/common/postgres/postgres.h"

namespace gatehouse::identity {

AuditEvent AuditEventFrom(const pqxx::row& row) {
  return {.audit_event_id = row["audit_event_id"].c_str(),
          .type = row["type"].c_str(),
          .actor_id = row["actor_id"].c_str(),
          .actor_name = row["actor_name"].c_str(),
          .subject_id = row["subject_id"].c_str(),
          .case_id = row["case_id"].c_str(),
          .client_address = row["client_address"].c_str(),
          .request_id = row["request_id"].c_str(),
          .client_request_id = row["client_request_id"].c_str(),
          .time = TimeFromSql(row["time"]),
          .data = nlohmann::json::parse(row["data"].c_str())};
}

}  // namespace gatehouse::identity
