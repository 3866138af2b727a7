#include "services/notification/exports/store/export_store.h"

#include <set>

#include "services/common/jobs/exporting.h"
#include "services/common/text/address.h"

namespace gatehouse::notification {
namespace {

constexpr char kOfCases[] =
    " t.organisation_id = asked.organisation_id AND t.case_id = ANY (asked.case_ids) ";

// Texts are not kept once they are sent; one that waits may hold a link or a code. `addresses` are
// what recipients look like in the log.
constexpr auto kMessages =
    ExportQueryText(R"sql(
  SELECT t.message_id AS key, jsonb_strip_nulls(jsonb_build_object(
    'caseId', t.case_id, 'channel', (ARRAY['EMAIL', 'SMS'])[t.channel], 'template', t.template,
    'maskedRecipient', t.masked_recipient,
    'state', (ARRAY['QUEUED', 'SENDING', 'SENT', 'FAILED', 'EXPIRED'])[t.state],
    'time', t.create_time, 'sendTime', t.send_time)) AS record
  FROM asked JOIN message AS t ON)sql",
                    kOfCases, "AND t.masked_recipient = ANY (asked.addresses)");

constexpr auto kWritten = ExportQueryText(R"sql(
  SELECT t.message_id AS key, jsonb_build_object(
    'caseId', t.case_id, 'text', t.text, 'byItself', true, 'time', t.create_time) AS record
  FROM asked JOIN conversation_message AS t ON)sql",
                                          kOfCases, "AND t.contact_id = asked.contact_id");
constexpr auto kReceived = ExportQueryText(R"sql(
  SELECT t.message_id AS key, jsonb_strip_nulls(jsonb_build_object(
    'caseId', t.case_id, 'text', r.text, 'byItself', false, 'time', t.create_time,
    'readTime', (SELECT min(d.read_time) FROM conversation_read AS d
      WHERE d.organisation_id = t.organisation_id AND d.message_id = t.message_id
        AND d.contact_id = asked.contact_id))) AS record
  FROM asked JOIN conversation_message AS t ON)sql",
                                           kOfCases, R"sql(
  JOIN conversation_recipient AS r ON r.organisation_id = t.organisation_id
    AND r.message_id = t.message_id AND r.contact_id = asked.contact_id)sql");

// What staff wrote of it to others. What another contact wrote is that one's, and not given.
constexpr auto kNamed =
    ExportQueryText(R"sql(
  SELECT t.message_id || '/' || r.contact_id AS key, jsonb_build_object(
    'caseId', t.case_id, 'place', 'CONVERSATION_MESSAGE',
    'text', )sql",
                    ExportWithheld("r.text"), R"sql(, 'time', t.create_time) AS record
  FROM asked JOIN conversation_message AS t ON)sql",
                    kOfCases, R"sql(
  JOIN conversation_recipient AS r ON r.organisation_id = t.organisation_id
    AND r.message_id = t.message_id AND r.contact_id <> asked.contact_id
    AND asked.names <> '' AND r.text ~* asked.names)sql");

constexpr ExportQuery kQueries[] = {{common::v1::OUTGOING_MESSAGE, kMessages.c_str()},
                                    {common::v1::CONVERSATION_MESSAGE, kWritten.c_str()},
                                    {common::v1::CONVERSATION_MESSAGE, kReceived.c_str()},
                                    {common::v1::QUOTATION, kNamed.c_str()}};

template <typename Known>
std::set<std::string> MasksOf(const Known& known) {
  std::set<std::string> masks;
  for (const std::string& email : known.emails()) masks.insert(MaskEmail(email));
  for (const std::string& mobile : known.mobiles()) masks.insert(MaskPhone(mobile));
  return masks;
}

}  // namespace

absl::StatusOr<common::v1::ExportContactResponse> ExportKept(
    Postgres& postgres, const std::string& organisation_id,
    const common::v1::ExportContactRequest& request) {
  // Of two who look alike there nobody can tell to whom it was.
  std::set<std::string> masks = MasksOf(request.subject());
  for (const std::string& mask : MasksOf(request.others())) masks.erase(mask);
  return ExportPart(postgres, organisation_id, request, kQueries, {masks.begin(), masks.end()});
}

}  // namespace gatehouse::notification
