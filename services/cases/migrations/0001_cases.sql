-- The mirror of a CRM's case. `version` grows with every put: it is the etag.
CREATE TABLE case_file (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  display_name text NOT NULL,
  kind text NOT NULL,
  owner_id text NOT NULL,
  owner_name text NOT NULL,
  owner_email text NOT NULL,
  owner_phone text NOT NULL,
  owner_e164 text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  update_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, case_id)
);
CREATE INDEX case_file_latest ON case_file (organisation_id, update_time DESC, case_id DESC);

CREATE TABLE contact (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  contact_id text NOT NULL,
  position integer NOT NULL,
  type integer NOT NULL,
  given_name text NOT NULL,
  family_name text NOT NULL,
  email text NOT NULL,
  mobile text NOT NULL,
  e164 text NOT NULL, -- Empty where the number is not possible.
  role text NOT NULL,
  PRIMARY KEY (organisation_id, case_id, contact_id),
  FOREIGN KEY (organisation_id, case_id) REFERENCES case_file
);

-- How far a contact's access has come, as invitation says; it outlives the contact's place in the
-- mirror, since a CRM may leave a contact out and bring it back.
CREATE TABLE contact_portal (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  contact_id text NOT NULL,
  portal integer NOT NULL,
  version bigint NOT NULL,
  PRIMARY KEY (organisation_id, case_id, contact_id)
);

CREATE TABLE note (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  note_id text NOT NULL,
  text text NOT NULL,
  author text NOT NULL,
  request_id text,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, case_id, note_id),
  UNIQUE (organisation_id, request_id),
  FOREIGN KEY (organisation_id, case_id) REFERENCES case_file
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['case_file', 'contact', 'contact_portal', 'note'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
