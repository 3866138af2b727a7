-- Exports of contacts. What was gathered rests sealed in parts, each a piece of the list of one
-- kind's records; files are named, and read where they are. All goes with the export.
CREATE TABLE contact_export (
  organisation_id text NOT NULL,
  export_id text NOT NULL,
  contact_id text NOT NULL,
  actor_id text NOT NULL,
  actor_name text NOT NULL,
  state integer NOT NULL DEFAULT 1,
  step integer NOT NULL DEFAULT 0, -- How many are done: a job of another one is out of date.
  source integer NOT NULL DEFAULT 0, -- Who is asked: services/documents/exports/domain/sources.h.
  records bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  files bigint NOT NULL DEFAULT 0,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  ready_time timestamptz, -- Null: it is under way, or came to nothing.
  expire_time timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, export_id)
);
CREATE INDEX contact_export_of_contact ON contact_export (organisation_id, contact_id);
CREATE INDEX contact_export_age ON contact_export USING brin (expire_time);

CREATE TABLE contact_export_part (
  organisation_id text NOT NULL,
  export_id text NOT NULL,
  number bigint NOT NULL,
  kind integer NOT NULL,
  bytes bigint NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (organisation_id, export_id, number),
  FOREIGN KEY (organisation_id, export_id) REFERENCES contact_export ON DELETE CASCADE
);

CREATE TABLE contact_export_file (
  organisation_id text NOT NULL,
  export_id text NOT NULL,
  file_id text NOT NULL, -- A document, or a signature request: what it sent to be signed.
  PRIMARY KEY (organisation_id, export_id, file_id),
  FOREIGN KEY (organisation_id, export_id) REFERENCES contact_export ON DELETE CASCADE
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['contact_export', 'contact_export_part', 'contact_export_file'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
