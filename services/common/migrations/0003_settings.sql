-- What an organisation changed of a settings document: the message, and the paths of what it
-- changed. `version` is the etag.
CREATE TABLE settings_document (
  organisation_id text NOT NULL,
  kind text NOT NULL, -- The message's full name.
  document bytea NOT NULL,
  fields text NOT NULL,
  version bigint NOT NULL,
  PRIMARY KEY (organisation_id, kind)
);
-- Who changed it, and what it was before and after, as JSON without secrets.
CREATE TABLE settings_change (
  organisation_id text NOT NULL,
  kind text NOT NULL,
  version bigint NOT NULL,
  actor_id text NOT NULL,
  actor_name text NOT NULL,
  client_address text NOT NULL,
  request_id text NOT NULL,
  before text NOT NULL,
  after text NOT NULL,
  time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, kind, version)
);
ALTER TABLE settings_document ENABLE ROW LEVEL SECURITY;
ALTER TABLE settings_document FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON settings_document USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
ALTER TABLE settings_change ENABLE ROW LEVEL SECURITY;
ALTER TABLE settings_change FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON settings_change USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
