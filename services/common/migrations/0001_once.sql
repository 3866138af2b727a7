-- What callers asked for under a request_id of their own, with the first answer (sealed). A row is
-- written in the transaction of the change that it stands for. The caller: kind and owner of the
-- credential; an operator belongs to no organisation, which is the empty one.
CREATE TABLE once (
  organisation_id text NOT NULL,
  caller text NOT NULL,
  request_id text NOT NULL,
  fingerprint bytea NOT NULL,
  response bytea NOT NULL DEFAULT '',
  create_time timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organisation_id, caller, request_id)
);
CREATE INDEX once_age ON once (create_time);
ALTER TABLE once ENABLE ROW LEVEL SECURITY;
ALTER TABLE once FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON once USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
