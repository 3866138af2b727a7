-- What clients drew of the house of a case. `content` is a Drawing, without what the columns say.
CREATE TABLE drawing (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  content bytea NOT NULL,
  contact_id text NOT NULL, -- Who drew last.
  version bigint NOT NULL DEFAULT 1,
  update_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, case_id),
  FOREIGN KEY (organisation_id, case_id) REFERENCES case_file ON DELETE CASCADE
);
ALTER TABLE drawing ENABLE ROW LEVEL SECURITY;
ALTER TABLE drawing FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON drawing USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
