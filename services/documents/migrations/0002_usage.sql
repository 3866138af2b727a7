-- How much there is, so that quotas are looked up and not counted. Rows with an empty contact are a
-- case's, with an empty case the organisation's. Who counts locks them in that order: organisation,
-- case, contact.
CREATE TABLE usage (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  contact_id text NOT NULL,
  documents bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  requests bigint NOT NULL DEFAULT 0, -- A case's document requests.
  PRIMARY KEY (organisation_id, case_id, contact_id)
);

-- Ids under which bytes may lie in the blob store without a document: noted before the bytes are
-- there, gone with the document's row. What stays for a day is collected, with its bytes.
CREATE TABLE loose_blob (
  organisation_id text NOT NULL,
  document_id text NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, document_id)
);
CREATE INDEX loose_blob_oldest ON loose_blob (create_time);

-- The answers to a request, and a case's requests in the order in which they are listed.
CREATE INDEX document_of_request
  ON document (organisation_id, case_id, document_request_id, document_id)
  WHERE document_request_id IS NOT NULL;
CREATE INDEX document_request_of_case_by_id
  ON document_request (organisation_id, case_id, document_request_id);
DROP INDEX document_request_of_case;

SELECT set_config('gatehouse.organisation_id', '*', true);
INSERT INTO usage (organisation_id, case_id, contact_id, documents, bytes)
  SELECT organisation_id, coalesce(case_id, ''), '', count(*), sum(size_bytes) FROM document
  GROUP BY GROUPING SETS ((organisation_id), (organisation_id, case_id));
INSERT INTO usage (organisation_id, case_id, contact_id, documents, bytes)
  SELECT organisation_id, case_id, uploader_id, count(*), sum(size_bytes) FROM document
  WHERE from_client GROUP BY organisation_id, case_id, uploader_id;
INSERT INTO usage AS u (organisation_id, case_id, contact_id, requests)
  SELECT organisation_id, case_id, '', count(*) FROM document_request
  GROUP BY organisation_id, case_id
  ON CONFLICT (organisation_id, case_id, contact_id) DO UPDATE SET requests = excluded.requests;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['usage', 'loose_blob'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
