#include "services/cases/incidents/store/incident_store.h"

#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "gatehouse/cases/v1/events.pb.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/cases/domain/seen_by.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/random.h"
#include "services/common/jobs/events.h"
#include "services/common/postgres/arrays.h"

namespace gatehouse::cases {
namespace {

constexpr int kUnresolvedMax = 100;
constexpr int kMessagesMax = 200;

constexpr char kUnresolved[] =
    "SELECT count(*) AS unresolved FROM incident "
    "WHERE organisation_id = $1 AND case_id = $2 AND state <> 3";

constexpr char kCreate[] = R"sql(
  INSERT INTO incident (organisation_id, case_id, incident_id, type_id, contact_id)
  VALUES ($1, $2, $3, $4, $5))sql";

constexpr char kList[] = R"sql(
  SELECT * FROM incident WHERE organisation_id = $1 AND case_id = $2
    AND ($3 = '*' OR contact_id = $3) AND incident_id < $4
  ORDER BY incident_id DESC LIMIT $5)sql";

constexpr char kGet[] = R"sql(
  SELECT * FROM incident WHERE organisation_id = $1 AND case_id = $2 AND incident_id = $3
    AND ($4 = '*' OR contact_id = $4))sql";

constexpr char kMessages[] = R"sql(
  SELECT text, contact_id, staff_name, create_time,
         array_to_string(document_ids, ' ') AS document_ids FROM incident_message
  WHERE organisation_id = $1 AND case_id = $2 AND incident_id = $3 ORDER BY number)sql";

constexpr char kAddMessage[] = R"sql(
  INSERT INTO incident_message (organisation_id, case_id, incident_id, number, text, contact_id,
                                staff_name, document_ids)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text[]))sql";

// Counts the message; nothing where there is no such incident to be seen.
constexpr char kCount[] = R"sql(
  UPDATE incident SET messages = messages + 1, state = $5, first_answer_time =
    CASE WHEN $6 THEN coalesce(first_answer_time, clock_timestamp()) ELSE first_answer_time END
  WHERE organisation_id = $1 AND case_id = $2 AND incident_id = $3
    AND ($4 = '*' OR contact_id = $4)
  RETURNING messages, contact_id)sql";

v1::Incident IncidentFrom(const pqxx::row& row) {
  v1::Incident incident;
  incident.set_incident_id(row["incident_id"].c_str());
  incident.set_incident_type_id(row["type_id"].c_str());
  incident.set_contact_id(row["contact_id"].c_str());
  incident.set_state(static_cast<v1::IncidentState>(row["state"].as<int>()));
  *incident.mutable_create_time() = ToProto(TimeFromSql(row["create_time"]));
  if (!row["first_answer_time"].is_null()) {
    *incident.mutable_first_answer_time() = ToProto(TimeFromSql(row["first_answer_time"]));
  }
  return incident;
}

v1::IncidentMessage MessageFrom(const pqxx::row& row) {
  v1::IncidentMessage message;
  message.set_text(row["text"].c_str());
  message.set_contact_id(row["contact_id"].c_str());
  message.set_staff_name(row["staff_name"].c_str());
  *message.mutable_create_time() = ToProto(TimeFromSql(row["create_time"]));
  for (const auto id : absl::StrSplit(row["document_ids"].c_str(), ' ', absl::SkipEmpty())) {
    message.add_document_ids(std::string(id));
  }
  return message;
}

absl::Status NotFound() { return Refuse(common::v1::NOT_FOUND, "there is no such incident"); }

// Those of one incident come in their order: whoever tells holds its row.
template <typename Event>
OutboxCalls Telling(const std::string& organisation_id, const std::string& case_id,
                    const std::string& incident_id, const Event& event) {
  OutboxCalls calls(organisation_id);
  AddEvent(
      event,
      {.case_id = case_id, .time = absl::Now(), .order_key = "incident:" + incident_id, .once = ""},
      calls);
  return calls;
}

}  // namespace

absl::StatusOr<v1::Incident> IncidentStore::Create(const std::string& organisation_id,
                                                   const Report& report) {
  using Result = absl::StatusOr<v1::Incident>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    // The case's lock makes the count one that holds.
    RETURN_IF_ERROR(cases_.Touch(organisation_id, report.case_id, "").status());
    const auto unresolved = tx.Exec(kUnresolved, organisation_id, report.case_id);
    if (unresolved[0]["unresolved"].as<int>() >= kUnresolvedMax) {
      return Refuse(v1::INCIDENT_LIMIT_REACHED, "a hundred incidents of the case are unresolved");
    }
    const std::string id = NewId("incident");
    tx.Exec(kCreate, organisation_id, report.case_id, id, report.type_id, report.contact_id);
    tx.Exec(kAddMessage, organisation_id, report.case_id, id, 1, report.text, report.contact_id, "",
            SqlArray(report.document_ids));
    v1::IncidentCreated event;
    event.set_incident_id(id);
    event.set_incident_type_id(report.type_id);
    event.set_contact_id(report.contact_id);
    outbox_.Add(tx, Telling(organisation_id, report.case_id, id, event));
    return Get(organisation_id, report.case_id, id, kEverybody);
  });
}

absl::StatusOr<std::vector<v1::Incident>> IncidentStore::List(const std::string& organisation_id,
                                                              const std::string& case_id,
                                                              const std::string& seen_by,
                                                              const Page& page) {
  using Result = absl::StatusOr<std::vector<v1::Incident>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<v1::Incident> incidents;
    for (const pqxx::row& row :
         tx.Exec(kList, organisation_id, case_id, seen_by, page.Below("incident"), page.limit())) {
      incidents.push_back(IncidentFrom(row));
    }
    if (incidents.empty()) RETURN_IF_ERROR(cases_.Etag(organisation_id, case_id).status());
    return incidents;
  });
}

absl::StatusOr<v1::Incident> IncidentStore::Get(const std::string& organisation_id,
                                                const std::string& case_id,
                                                const std::string& incident_id,
                                                const std::string& seen_by) {
  using Result = absl::StatusOr<v1::Incident>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto found = tx.Exec(kGet, organisation_id, case_id, incident_id, seen_by);
    if (found.empty()) return NotFound();
    v1::Incident incident = IncidentFrom(found[0]);
    for (const pqxx::row& row : tx.Exec(kMessages, organisation_id, case_id, incident_id)) {
      *incident.add_messages() = MessageFrom(row);
    }
    return incident;
  });
}

absl::StatusOr<v1::Incident> IncidentStore::Add(const std::string& organisation_id,
                                                const Reply& reply) {
  using Result = absl::StatusOr<v1::Incident>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto counted = tx.Exec(kCount, organisation_id, reply.case_id, reply.incident_id,
                                 reply.seen_by, static_cast<int>(reply.state), reply.by_staff);
    if (counted.empty()) return NotFound();
    const int number = counted[0]["messages"].as<int>();
    if (number > kMessagesMax) {
      return Refuse(v1::INCIDENT_FULL, "the incident has two hundred messages: report another");
    }
    tx.Exec(kAddMessage, organisation_id, reply.case_id, reply.incident_id, number, reply.text,
            reply.contact_id, reply.staff_name, SqlArray(reply.document_ids));
    v1::IncidentReplied event;
    event.set_incident_id(reply.incident_id);
    event.set_state(v1::IncidentState_Name(reply.state));
    event.set_contact_id(counted[0]["contact_id"].c_str());
    event.set_by_contact_id(reply.contact_id);
    outbox_.Add(tx, Telling(organisation_id, reply.case_id, reply.incident_id, event));
    return Get(organisation_id, reply.case_id, reply.incident_id, reply.seen_by);
  });
}

}  // namespace gatehouse::cases
