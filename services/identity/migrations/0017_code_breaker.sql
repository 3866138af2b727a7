-- What held codes back. The key is a keyed hash of the country or the address that it is about; the
-- counts are in Redis. One that was reset stays for its age; the next begins another row.
CREATE TABLE code_breaker (
  organisation_id text NOT NULL,
  breaker_id text NOT NULL,
  key text NOT NULL,
  country text NOT NULL,
  client_address text NOT NULL,
  open_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  reset_time timestamptz,
  PRIMARY KEY (organisation_id, breaker_id)
);
CREATE UNIQUE INDEX code_breaker_open ON code_breaker (organisation_id, key)
  WHERE reset_time IS NULL;
CREATE INDEX code_breaker_age ON code_breaker USING brin (last_time);
ALTER TABLE code_breaker ENABLE ROW LEVEL SECURITY;
ALTER TABLE code_breaker FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON code_breaker USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
