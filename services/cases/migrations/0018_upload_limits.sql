-- What clients may hand in, as documents says: the message UploadLimits. Without a row, what
-- documents has by default.
CREATE TABLE upload_limits (
  organisation_id text PRIMARY KEY,
  limits bytea NOT NULL,
  settings_version bigint NOT NULL
);
ALTER TABLE upload_limits ENABLE ROW LEVEL SECURITY;
ALTER TABLE upload_limits FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON upload_limits USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
