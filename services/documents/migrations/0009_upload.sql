-- Uploads that go on where they broke off, and the parts of their bytes, each of which is noted in
-- loose_blob from its beginning: what is forgotten here is collected there.
CREATE TABLE upload (
  organisation_id text NOT NULL,
  upload_id text NOT NULL,
  case_id text NOT NULL,
  from_client boolean NOT NULL,
  uploader_id text NOT NULL, -- A contact's where a client uploads.
  metadata text NOT NULL,
  filename text NOT NULL,
  length bigint, -- Null: not known yet.
  byte_offset bigint NOT NULL DEFAULT 0,
  parts integer NOT NULL DEFAULT 0, -- So many rows of upload_part.
  is_partial boolean NOT NULL,
  joins text NOT NULL, -- The ids of the partial ones that it was made of.
  document_id text NOT NULL DEFAULT '', -- Empty while it is none.
  holder text NOT NULL DEFAULT '', -- The call that may add to it.
  expire_time timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, upload_id)
);
CREATE INDEX upload_of_uploader ON upload (organisation_id, case_id, uploader_id);
CREATE INDEX upload_oldest ON upload (expire_time);

CREATE TABLE upload_part (
  organisation_id text NOT NULL,
  upload_id text NOT NULL,
  number bigint NOT NULL, -- Of its first byte.
  part_id text NOT NULL,
  bytes bigint NOT NULL,
  PRIMARY KEY (organisation_id, upload_id, number),
  FOREIGN KEY (organisation_id, upload_id) REFERENCES upload ON DELETE CASCADE
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['upload', 'upload_part'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
