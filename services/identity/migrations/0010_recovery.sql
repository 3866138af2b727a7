SELECT set_config('gatehouse.organisation_id', '*', true);

-- Codes for who has lost a factor, as keyed hashes. A used one stays until others are made.
CREATE TABLE recovery_code (
  organisation_id text NOT NULL,
  account_id text NOT NULL,
  code_hash text NOT NULL,
  use_time timestamptz,
  used_by text NOT NULL DEFAULT '', -- The challenge whose code it took the place of.
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (account_id, organisation_id, code_hash)
);
ALTER TABLE recovery_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_code FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON recovery_code USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
