-- Under which keys the keys of an organisation's blobs lie, sealed. An erased one is empty, and its
-- number is not used again.
CREATE TABLE organisation_key (
  organisation_id text NOT NULL,
  number integer NOT NULL,
  sealed bytea NOT NULL,
  create_time timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organisation_id, number)
);
ALTER TABLE organisation_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE organisation_key FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON organisation_key USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
