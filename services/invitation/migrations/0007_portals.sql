-- Whether an organisation's portal is open, as cases says; without a row it is.
CREATE TABLE portal_state (
  organisation_id text PRIMARY KEY,
  enabled boolean NOT NULL,
  settings_version bigint NOT NULL
);
ALTER TABLE portal_state ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal_state FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON portal_state USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
