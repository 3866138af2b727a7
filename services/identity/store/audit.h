#pragma once

#include "services/common/postgres/sql.h"

namespace gatehouse::identity {

// The CTE that writes one audit row for each row of a CTE named `subject` with the columns
// (organisation_id, subject_id, case_id). Its parameters are named by their numbers, so that a
// statement says where they come from: id, type, actor id, actor name, client address, our request
// id and the client's. A client's name is never in the trail, which cannot be mended when the
// client is to be forgotten: where a client acts, the name is ''.
constexpr auto Audit(const auto& id, const auto& type, const auto& actor_id, const auto& actor_name,
                     const auto& address, const auto& request_id, const auto& client_request_id) {
  return Sql(
      "audit AS (INSERT INTO audit_event (organisation_id, audit_event_id, type, actor_id, "
      "actor_name, subject_id, case_id, client_address, request_id, client_request_id) "
      "SELECT organisation_id, ",
      id, ", '", type, "', ", actor_id, ", ", actor_name, ", subject_id, case_id, ", address, ", ",
      request_id, ", ", client_request_id, " FROM subject) ");
}

}  // namespace gatehouse::identity
