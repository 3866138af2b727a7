CREATE TABLE settings (
  organisation_id text PRIMARY KEY,
  max_document_bytes bigint NOT NULL
);

CREATE TABLE document_request (
  organisation_id text NOT NULL,
  document_request_id text NOT NULL,
  case_id text NOT NULL,
  title text NOT NULL,
  label text NOT NULL,
  contact_id text NOT NULL, -- Empty: every contact of the case.
  request_id text,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, document_request_id),
  UNIQUE (organisation_id, request_id)
);
CREATE INDEX document_request_of_case ON document_request (organisation_id, case_id);

-- A row stands for bytes that are safe in the blob store under the document's id.
CREATE TABLE document (
  organisation_id text NOT NULL,
  document_id text NOT NULL,
  case_id text NOT NULL,
  filename text NOT NULL,
  content_type text NOT NULL,
  size_bytes bigint NOT NULL,
  sha256 text NOT NULL,
  label text NOT NULL,
  from_client boolean NOT NULL,
  uploader_id text NOT NULL, -- A contact's id where a client handed it in.
  uploader_name text NOT NULL,
  document_request_id text,
  scan integer NOT NULL,
  request_id text,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, document_id),
  UNIQUE (organisation_id, request_id),
  FOREIGN KEY (organisation_id, document_request_id) REFERENCES document_request
);
CREATE INDEX document_of_case ON document (organisation_id, case_id, document_id DESC);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['settings', 'document_request', 'document'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
