-- What clients report of a case. `state` is an IncidentState.
CREATE TABLE incident (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  incident_id text NOT NULL,
  type_id text NOT NULL,
  contact_id text NOT NULL,
  state integer NOT NULL DEFAULT 1,
  messages integer NOT NULL DEFAULT 1, -- How many, and the number of the last.
  first_answer_time timestamptz,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, case_id, incident_id),
  FOREIGN KEY (organisation_id, case_id) REFERENCES case_file ON DELETE CASCADE
);
-- What was said about it, the report first.
CREATE TABLE incident_message (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  incident_id text NOT NULL,
  number integer NOT NULL,
  text text NOT NULL,
  contact_id text NOT NULL, -- Empty: staff wrote it.
  staff_name text NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, case_id, incident_id, number),
  FOREIGN KEY (organisation_id, case_id, incident_id) REFERENCES incident ON DELETE CASCADE
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['incident', 'incident_message'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
