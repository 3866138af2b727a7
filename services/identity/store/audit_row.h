#pragma once

#include <pqxx/pqxx>

#include "services/identity/domain/organisation.h"

namespace gatehouse::identity {

// What AuditEventFrom() reads of a row.
inline constexpr char kAuditEvent[] =
    "audit_event_id, type, actor_id, actor_name, subject_id, case_id, client_address, "
    "request_id, client_request_id, time, data";

AuditEvent AuditEventFrom(const pqxx::row& row);

}  // namespace gatehouse::identity
