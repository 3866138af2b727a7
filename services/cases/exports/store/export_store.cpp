#include "services/cases/exports/store/export_store.h"

#include "gatehouse/cases/v1/drawings.pb.h"
#include "gatehouse/cases/v1/factfind.pb.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "gatehouse/cases/v1/visits.pb.h"
#include "services/cases/erasures/store/subjects.h"
#include "services/common/jobs/exporting.h"
#include "services/common/postgres/sql.h"

namespace gatehouse::cases {
namespace {

constexpr char kErased[] =
    "SELECT FROM erasure WHERE organisation_id = $1 AND contact_id = $2 AND end_time IS NULL";
constexpr char kPresent[] =
    "SELECT case_id FROM contact WHERE contact_id = $2 AND organisation_id = $1 LIMIT 10000";

// Rows of the table `t` in the contact's cases.
constexpr char kOfCases[] =
    " t.organisation_id = asked.organisation_id AND t.case_id = ANY (asked.case_ids) ";
constexpr auto NamesIt(const auto& text) {
  return Sql(" asked.names <> '' AND ", text, " ~* asked.names ");
}
constexpr auto NameOf(const auto& number, const auto& names) {
  return Sql("(ARRAY[", names, "])[", number, "]");
}

constexpr auto kContacts = ExportQueryText(
    R"sql(
  SELECT t.case_id AS key, jsonb_build_object(
    'caseId', t.case_id, 'caseName', )sql",
    ExportWithheld("f.display_name"), R"sql(,
    'caseKind', f.kind, 'contactId', t.contact_id,
    'type', )sql",
    NameOf("t.type", "'PERSON', 'COMPANY'"), R"sql(, 'role', t.role,
    'givenName', t.given_name, 'familyName', t.family_name, 'email', t.email,
    'mobile', t.mobile, 'mobileE164', t.e164, 'portal', )sql",
    NameOf("p.portal", "'NOT_INVITED', 'INVITED', 'ACTIVE', 'REVOKED'"), R"sql() AS record
  FROM asked JOIN contact AS t ON t.contact_id = asked.contact_id
    AND t.organisation_id = asked.organisation_id
  JOIN case_file AS f ON f.organisation_id = t.organisation_id AND f.case_id = t.case_id
  LEFT JOIN contact_portal AS p ON p.organisation_id = t.organisation_id
    AND p.case_id = t.case_id AND p.contact_id = t.contact_id)sql");

constexpr auto kChanges =
    ExportQueryText(R"sql(
  SELECT t.case_id || '/' || t.number AS key, jsonb_build_object(
    'caseId', t.case_id,
    'field', )sql",
                    NameOf("t.field", "'GIVEN_NAME', 'FAMILY_NAME', 'EMAIL', 'MOBILE'"), R"sql(,
    'before', t.before, 'after', t.after, 'byItself', t.by_contact_id = t.contact_id,
    'time', t.create_time) AS record
  FROM asked JOIN contact_change AS t ON)sql",
                    kOfCases, "AND t.contact_id = asked.contact_id");

constexpr auto kMoves =
    ExportQueryText(R"sql(
  SELECT t.case_id || '/' || t.number AS key, jsonb_build_object(
    'caseId', t.case_id, 'fromState', t.from_state_id, 'toState', t.to_state_id,
    'reason', )sql",
                    ExportWithheld("t.reason"), R"sql(, 'time', t.create_time) AS record
  FROM asked JOIN case_move AS t ON)sql",
                    kOfCases, "AND t.contact_id = asked.contact_id");

constexpr auto kFactFinds = ExportQueryText(R"sql(
  SELECT t.case_id || '/' || t.fact_find_id AS key, jsonb_strip_nulls(jsonb_build_object(
    'caseId', t.case_id, 'factFindId', t.fact_find_id, 'flowId', t.flow_id,
    'flowVersion', t.flow_version, 'unlockReason', t.unlock_reason, 'time', t.create_time,
    'submitTime', t.submit_time)) AS record
  FROM asked JOIN fact_find AS t ON)sql",
                                            kOfCases, "AND t.contact_id = asked.contact_id");

// What was asked of it, whoever answered; and what it answered of what was asked of all.
constexpr auto kItsAnswers =
    Sql(kOfCases,
        "JOIN fact_find AS f ON f.organisation_id = t.organisation_id AND f.case_id = t.case_id "
        "AND f.fact_find_id = t.fact_find_id "
        "AND (f.contact_id = asked.contact_id OR t.contact_id = asked.contact_id)");
constexpr auto kAnswers = ExportQueryText(R"sql(
  SELECT concat_ws('/', t.case_id, t.fact_find_id, t.section_id, t.field_id) AS key,
    jsonb_build_object('caseId', t.case_id, 'factFindId', t.fact_find_id,
      'sectionId', t.section_id, 'fieldId', t.field_id,
      'byItself', t.contact_id = asked.contact_id, 'time', t.update_time) AS record,
    t.value AS bytes
  FROM asked JOIN fact_answer AS t ON)sql",
                                          kItsAnswers);
constexpr auto kEarlierAnswers = ExportQueryText(R"sql(
  SELECT concat_ws('/', t.case_id, t.fact_find_id, t.number) AS key,
    jsonb_build_object('caseId', t.case_id, 'factFindId', t.fact_find_id,
      'sectionId', t.section_id, 'fieldId', t.field_id, 'version', t.version,
      'byItself', t.contact_id = asked.contact_id, 'time', t.update_time) AS record,
    t.value AS bytes
  FROM asked JOIN fact_answer_change AS t ON)sql",
                                                 kItsAnswers);

constexpr auto kIncidents =
    ExportQueryText(R"sql(
  SELECT t.case_id || '/' || t.incident_id AS key, jsonb_build_object(
    'caseId', t.case_id, 'incidentId', t.incident_id, 'typeId', t.type_id,
    'state', )sql",
                    NameOf("t.state", "'OPEN', 'ANSWERED', 'RESOLVED'"), R"sql(,
    'time', t.create_time) AS record
  FROM asked JOIN incident AS t ON)sql",
                    kOfCases, "AND t.contact_id = asked.contact_id");
constexpr auto kOfIncident =
    Sql(kOfCases,
        "JOIN incident AS i ON i.organisation_id = t.organisation_id AND i.case_id = t.case_id "
        "AND i.incident_id = t.incident_id ");
// Its own thread it has read as it is.
constexpr auto kThreads = ExportQueryText(
    R"sql(
  SELECT t.case_id || '/' || t.incident_id || '/' || t.number AS key, jsonb_build_object(
    'caseId', t.case_id, 'incidentId', t.incident_id, 'text', t.text,
    'documentIds', to_jsonb(t.document_ids), 'byItself', t.contact_id = asked.contact_id,
    'time', t.create_time) AS record
  FROM asked JOIN incident_message AS t ON)sql",
    kOfIncident, "AND (i.contact_id = asked.contact_id OR t.contact_id = asked.contact_id)");

// To it, or to all of a case that it is on. What another one said about it is the other one's.
constexpr char kForIt[] =
    " (t.contact_id = asked.contact_id "
    "OR t.contact_id = '' AND t.case_id = ANY (asked.present_case_ids)) ";
constexpr auto kOffers = ExportQueryText(
    R"sql(
  SELECT t.case_id || '/' || t.offer_id AS key, jsonb_strip_nulls(jsonb_build_object(
    'caseId', t.case_id, 'offerId', t.offer_id, 'content', t.content,
    'contentSha256', t.content_sha256, 'state', )sql",
    NameOf("t.state", "'OPEN', 'ACCEPTED', 'DECLINED', 'WITHDRAWN', 'CLOSED', 'EXPIRED'"), R"sql(,
    'validUntilTime', t.valid_until_time, 'time', t.create_time,
    'seenTime', (SELECT min(s.create_time) FROM offer_sight AS s
      WHERE s.organisation_id = t.organisation_id AND s.case_id = t.case_id
        AND s.offer_id = t.offer_id AND s.contact_id = asked.contact_id),
    'decision', CASE WHEN t.decided_by = asked.contact_id THEN jsonb_build_object(
      'reason', t.decision_reason, 'networkAddress', t.client_address,
      'userAgent', t.user_agent, 'time', t.decision_time) END)) AS record
  FROM asked JOIN offer AS t ON)sql",
    kOfCases, "AND (", kForIt, "OR t.decided_by = asked.contact_id)");

constexpr auto kVisits =
    ExportQueryText(R"sql(
  SELECT t.case_id || '/' || t.visit_id AS key, jsonb_strip_nulls(jsonb_build_object(
    'caseId', t.case_id, 'visitId', t.visit_id,
    'state', )sql",
                    NameOf("t.state", "'PROPOSED', 'CONFIRMED', 'DECLINED', 'CANCELLED'"), R"sql(,
    'cancelReason', t.cancel_reason, 'time', t.create_time, 'updateTime', t.update_time,
    'answer', CASE WHEN t.answered_by = asked.contact_id THEN jsonb_build_object(
      'text', t.answer, 'time', t.answer_time) END)) AS record, t.plan AS bytes
  FROM asked JOIN visit AS t ON)sql",
                    kOfCases, "AND (", kForIt, "OR t.answered_by = asked.contact_id)");

constexpr auto kDrawings = ExportQueryText(R"sql(
  SELECT t.case_id AS key, jsonb_build_object(
    'caseId', t.case_id, 'time', t.update_time) AS record, t.content AS bytes
  FROM asked JOIN drawing AS t ON)sql",
                                           kOfCases, "AND t.contact_id = asked.contact_id");

constexpr auto kNotes = ExportQueryText(
    R"sql(
  SELECT t.case_id || '/' || t.note_id AS key, jsonb_build_object(
    'caseId', t.case_id, 'text', )sql",
    ExportWithheld("t.text"), R"sql(,
    'time', t.create_time) AS record
  FROM asked JOIN note AS t ON)sql",
    kOfCases, "AND asked.names <> '' AND (t.text ~* asked.names OR t.author ~* asked.names)");

// What staff wrote of it elsewhere. What another contact wrote is that one's, and not given.
constexpr auto kMoveReasons =
    ExportQueryText(R"sql(
  SELECT t.case_id || '/' || t.number AS key, jsonb_build_object(
    'caseId', t.case_id, 'place', 'CASE_MOVE', 'text', )sql",
                    ExportWithheld("t.reason"), R"sql(, 'time', t.create_time) AS record
  FROM asked JOIN case_move AS t ON)sql",
                    kOfCases, "AND t.contact_id = '' AND", NamesIt("t.reason"));
constexpr auto kOthersThreads =
    ExportQueryText(R"sql(
  SELECT t.case_id || '/' || t.incident_id || '/' || t.number AS key, jsonb_build_object(
    'caseId', t.case_id, 'place', 'INCIDENT', 'text', )sql",
                    ExportWithheld("t.text"), R"sql(, 'time', t.create_time) AS record
  FROM asked JOIN incident_message AS t ON)sql",
                    kOfIncident, "AND i.contact_id <> asked.contact_id AND t.contact_id = '' AND",
                    NamesIt("t.text"));

constexpr auto kTerms = ExportQueryText(R"sql(
  SELECT t.account_id || '/' || t.version AS key, jsonb_build_object(
    'caseId', t.case_id, 'version', t.version, 'language', t.language,
    'networkAddress', t.client_address, 'userAgent', t.user_agent,
    'time', t.create_time) AS record
  FROM asked JOIN terms_acceptance AS t ON t.organisation_id = asked.organisation_id
    AND t.contact_id = asked.contact_id)sql");

constexpr ExportQuery kQueries[] = {
    {common::v1::CONTACT_RECORD, kContacts.c_str()},
    {common::v1::CONTACT_CHANGE, kChanges.c_str()},
    {common::v1::CASE_MOVE, kMoves.c_str()},
    {common::v1::FACT_FIND, kFactFinds.c_str()},
    {common::v1::FACT_FIND, kAnswers.c_str(), "value", &NewMessage<v1::AnswerValue>},
    {common::v1::FACT_FIND, kEarlierAnswers.c_str(), "earlierValue", &NewMessage<v1::AnswerValue>},
    {common::v1::INCIDENT, kIncidents.c_str()},
    {common::v1::INCIDENT, kThreads.c_str()},
    {common::v1::OFFER, kOffers.c_str()},
    {common::v1::VISIT, kVisits.c_str(), "plan", &NewMessage<v1::VisitPlan>},
    {common::v1::DRAWING, kDrawings.c_str(), "drawing", &NewMessage<v1::Drawing>},
    {common::v1::NOTE, kNotes.c_str()},
    {common::v1::QUOTATION, kMoveReasons.c_str()},
    {common::v1::QUOTATION, kOthersThreads.c_str()},
    {common::v1::TERMS_ACCEPTANCE, kTerms.c_str()}};

}  // namespace

absl::StatusOr<v1::IdentifyContactResponse> ExportStore::Identify(
    const std::string& organisation_id, const common::v1::Subject& invited) {
  using Result = absl::StatusOr<v1::IdentifyContactResponse>;
  const std::string& contact_id = invited.contact_id();
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    if (!tx.Exec(kErased, organisation_id, contact_id).empty()) {
      return Refuse(v1::CONTACT_ERASURE_UNDER_WAY, "the contact is being erased");
    }
    v1::IdentifyContactResponse found;
    *found.mutable_subject() =
        Narrow(tx, organisation_id, Gather(tx, organisation_id, contact_id), invited);
    *found.mutable_others() = OthersOf(tx, organisation_id, found.subject());
    for (const auto& row : tx.Exec(kPresent, organisation_id, contact_id)) {
      found.add_present_case_ids(row["case_id"].c_str());
    }
    return found;
  });
}

absl::StatusOr<common::v1::ExportContactResponse> ExportStore::Export(
    const std::string& organisation_id, const common::v1::ExportContactRequest& request) {
  return ExportPart(postgres_, organisation_id, request, kQueries);
}

}  // namespace gatehouse::cases
