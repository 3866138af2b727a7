-- A case that is deleted and put again must not get an etag that somebody holds already: versions
-- begin at the microsecond.
ALTER TABLE case_file ALTER COLUMN version
  SET DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;

-- Which cases were: whoever deletes one again did so already.
CREATE TABLE deleted_case (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  delete_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, case_id)
);
ALTER TABLE deleted_case ENABLE ROW LEVEL SECURITY;
ALTER TABLE deleted_case FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON deleted_case USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
