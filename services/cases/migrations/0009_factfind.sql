-- The sections of organisations' fact finds: the message PutSectionRequest. `version` is the etag.
CREATE TABLE fact_section (
  organisation_id text NOT NULL,
  section_id text NOT NULL,
  version integer NOT NULL,
  display_name text NOT NULL,
  definition bytea NOT NULL,
  update_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, section_id)
);
-- Their flows. `version` is that of the newest definition: the etag. `videos` is the message
-- PutFlowVideosRequest, which holds for all versions.
CREATE TABLE flow (
  organisation_id text NOT NULL,
  flow_id text NOT NULL,
  version integer NOT NULL,
  videos bytea NOT NULL DEFAULT '',
  PRIMARY KEY (organisation_id, flow_id)
);
-- The message Flow. Fact finds stay on the version that they began with, so none is ever changed.
CREATE TABLE flow_version (
  organisation_id text NOT NULL,
  flow_id text NOT NULL,
  version integer NOT NULL,
  definition bytea NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, flow_id, version),
  FOREIGN KEY (organisation_id, flow_id) REFERENCES flow
);

-- What contacts of cases are asked. Without a `submit_time` it may be answered.
CREATE TABLE fact_find (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  fact_find_id text NOT NULL,
  contact_id text NOT NULL,
  flow_id text NOT NULL,
  flow_version integer NOT NULL,
  unlock_reason text NOT NULL DEFAULT '',
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  submit_time timestamptz,
  PRIMARY KEY (organisation_id, case_id, fact_find_id),
  UNIQUE (organisation_id, case_id, contact_id, flow_id),
  FOREIGN KEY (organisation_id, case_id) REFERENCES case_file ON DELETE CASCADE,
  FOREIGN KEY (organisation_id, flow_id, flow_version) REFERENCES flow_version
);
-- What was answered: the message AnswerValue. `version` is the answer's etag. Without a contact,
-- staff answered.
CREATE TABLE fact_answer (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  fact_find_id text NOT NULL,
  section_id text NOT NULL,
  field_id text NOT NULL,
  value bytea NOT NULL,
  version integer NOT NULL,
  contact_id text NOT NULL,
  staff_name text NOT NULL,
  update_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, case_id, fact_find_id, section_id, field_id),
  FOREIGN KEY (organisation_id, case_id, fact_find_id) REFERENCES fact_find ON DELETE CASCADE
);
-- How it came to that.
CREATE TABLE fact_answer_change (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  fact_find_id text NOT NULL,
  number bigint GENERATED ALWAYS AS IDENTITY,
  section_id text NOT NULL,
  field_id text NOT NULL,
  value bytea NOT NULL,
  version integer NOT NULL,
  contact_id text NOT NULL,
  staff_name text NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, case_id, fact_find_id, number),
  FOREIGN KEY (organisation_id, case_id, fact_find_id) REFERENCES fact_find ON DELETE CASCADE
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['fact_section', 'flow', 'flow_version', 'fact_find', 'fact_answer',
                           'fact_answer_change'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
