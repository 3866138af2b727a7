SELECT set_config('gatehouse.organisation_id', '*', true);

-- What clients know. The address is a keyed hash; the verifier a MAC of the password's Argon2id
-- hash; the subject, sealed, is whose it is and how to reach them.
CREATE TABLE password (
  organisation_id text NOT NULL,
  email_key text NOT NULL,
  account_id text NOT NULL,
  verifier text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  sealed_subject bytea NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  update_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (email_key, organisation_id, account_id)
);
CREATE INDEX password_of_account ON password (account_id, organisation_id);
ALTER TABLE password ENABLE ROW LEVEL SECURITY;
ALTER TABLE password FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON password USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));

-- What an account may enter, for who comes without a link.
CREATE INDEX access_grant_of_account ON access_grant (account_id, organisation_id);

-- Wrong passwords are counted for addresses that are nobody's, too: those go with time.
ALTER TABLE factor ADD COLUMN failure_time timestamptz NOT NULL DEFAULT clock_timestamp();
CREATE INDEX factor_age ON factor USING brin (failure_time);
