-- What clients changed of contacts. `field` is a ContactField.
CREATE TABLE contact_change (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  number bigint GENERATED ALWAYS AS IDENTITY,
  contact_id text NOT NULL,
  field integer NOT NULL,
  before text NOT NULL,
  after text NOT NULL,
  by_contact_id text NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, case_id, number),
  FOREIGN KEY (organisation_id, case_id) REFERENCES case_file ON DELETE CASCADE
);
ALTER TABLE contact_change ENABLE ROW LEVEL SECURITY;
ALTER TABLE contact_change FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON contact_change USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
