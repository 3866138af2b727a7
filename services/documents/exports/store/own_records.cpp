#include "services/documents/exports/store/own_records.h"

#include "services/common/jobs/exporting.h"

namespace gatehouse::documents {
namespace {

constexpr char kOfCases[] =
    " t.organisation_id = asked.organisation_id AND t.case_id = ANY (asked.case_ids) ";

constexpr auto kDocuments = ExportQueryText(R"sql(
  SELECT t.document_id AS key, jsonb_strip_nulls(jsonb_build_object(
    'caseId', t.case_id, 'documentId', t.document_id, 'filename', t.filename,
    'contentType', t.content_type, 'sizeBytes', t.size_bytes, 'sha256', t.sha256,
    'label', t.label, 'byItself', t.from_client, 'documentRequestId', t.document_request_id,
    'time', t.create_time, 'shareTime', t.share_time)) AS record
  FROM asked JOIN document AS t ON)sql",
                                            kOfCases, R"sql(
    AND (t.from_client AND t.uploader_id = asked.contact_id
      OR t.share_time IS NOT NULL AND (t.shared_contact_id = asked.contact_id
        OR t.shared_contact_id = '' AND t.case_id = ANY (asked.present_case_ids))))sql");

constexpr auto kRequests = ExportQueryText(R"sql(
  SELECT t.document_request_id AS key, jsonb_strip_nulls(jsonb_build_object(
    'caseId', t.case_id, 'documentRequestId', t.document_request_id, 'title', t.title,
    'dueDate', t.due_date, 'returnReason', t.return_reason,
    'unavailableReason', t.unavailable_reason, 'time', t.create_time,
    'reviewTime', t.review_time)) AS record
  FROM asked JOIN document_request AS t ON)sql",
                                           kOfCases, "AND t.contact_id = asked.contact_id");

constexpr auto kUploads =
    ExportQueryText(R"sql(
  SELECT t.upload_id AS key, jsonb_strip_nulls(jsonb_build_object(
    'caseId', t.case_id, 'filename', t.filename, 'length', t.length, 'offset', t.byte_offset,
    'expireTime', t.expire_time)) AS record
  FROM asked JOIN upload AS t ON)sql",
                    kOfCases, "AND t.from_client AND t.uploader_id = asked.contact_id");

// Its own part of a signing. The other signers' are theirs.
constexpr auto kSignings = ExportQueryText(R"sql(
  SELECT t.signature_request_id || '/' || s.position AS key, jsonb_strip_nulls(jsonb_build_object(
    'caseId', t.case_id, 'signatureRequestId', t.signature_request_id,
    'documentId', t.document_id, 'title', t.title, 'filename', t.filename,
    'sha256', t.sha256, 'method', (ARRAY['ELECTRONIC', 'MANUAL'])[t.method],
    'message', t.message, 'name', s.name,
    'state', (ARRAY['WAITING', 'ASKED', 'SUBMITTED', 'SIGNED', 'DECLINED'])[s.state],
    'time', t.create_time, 'askTime', s.ask_time, 'seeTime', s.see_time,
    'consentTime', s.consent_time, 'signTime', s.sign_time, 'typedName', s.typed_name,
    'drawnPng', translate(encode(s.drawn_png, 'base64'), E'\n', ''),
    'maskedMobile', s.masked_mobile, 'passkeyId', s.passkey_id, 'passkeyName', s.passkey_name,
    'returnReason', s.return_reason, 'endTime', t.end_time, 'values', (
      SELECT jsonb_object_agg(f.field_id, f.value) FROM signature_field AS f
      WHERE f.organisation_id = t.organisation_id
        AND f.signature_request_id = t.signature_request_id AND f.contact_id = s.contact_id
        AND f.value <> ''))) AS record
  FROM asked JOIN signature_request AS t ON)sql",
                                           kOfCases, R"sql(
  JOIN signer AS s ON s.organisation_id = t.organisation_id
    AND s.signature_request_id = t.signature_request_id AND s.contact_id = asked.contact_id)sql");
constexpr auto kSteps = ExportQueryText(R"sql(
  SELECT t.signature_request_id || '/' || e.number AS key, jsonb_build_object(
    'caseId', t.case_id, 'signatureRequestId', t.signature_request_id, 'type', e.type,
    'networkAddress', e.client_address, 'userAgent', e.user_agent, 'time', e.time) AS record
  FROM asked JOIN signature_request AS t ON)sql",
                                        kOfCases, R"sql(
  JOIN signature_event AS e ON e.organisation_id = t.organisation_id
    AND e.signature_request_id = t.signature_request_id
    AND e.contact_id = asked.contact_id)sql");

// What was asked of others, where staff named it there.
constexpr auto kNamed =
    ExportQueryText(R"sql(
  SELECT t.document_request_id AS key, jsonb_build_object(
    'caseId', t.case_id, 'place', 'DOCUMENT_REQUEST',
    'text', )sql",
                    ExportWithheld("concat_ws(' ', t.title, t.return_reason)"), R"sql(,
    'time', t.create_time) AS record
  FROM asked JOIN document_request AS t ON)sql",
                    kOfCases, R"sql(
    AND t.contact_id <> asked.contact_id AND asked.names <> ''
    AND (t.title ~* asked.names OR t.return_reason ~* asked.names))sql");

constexpr ExportQuery kQueries[] = {{common::v1::DOCUMENT, kDocuments.c_str()},
                                    {common::v1::DOCUMENT_REQUEST, kRequests.c_str()},
                                    {common::v1::UPLOAD, kUploads.c_str()},
                                    {common::v1::SIGNATURE_REQUEST, kSignings.c_str()},
                                    {common::v1::SIGNATURE_REQUEST, kSteps.c_str()},
                                    {common::v1::QUOTATION, kNamed.c_str()}};

}  // namespace

absl::StatusOr<common::v1::ExportContactResponse> ExportKept(
    Postgres& postgres, const std::string& organisation_id,
    const common::v1::ExportContactRequest& request) {
  return ExportPart(postgres, organisation_id, request, kQueries);
}

}  // namespace gatehouse::documents
