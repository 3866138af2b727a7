CREATE TABLE organisation (
  organisation_id text PRIMARY KEY,
  display_name text NOT NULL,
  region text NOT NULL,
  time_zone text NOT NULL,
  portal_url text NOT NULL,
  origin text NOT NULL, -- Of portal_url: what a browser sends.
  idle_seconds bigint NOT NULL,
  absolute_seconds bigint NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  request_id text NOT NULL,
  first_api_key_id text NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  update_time timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX organisation_origin ON organisation (origin);

-- Scopes are separated by spaces. Secrets are kept as SHA-256.
CREATE TABLE api_key (
  organisation_id text NOT NULL REFERENCES organisation,
  api_key_id text NOT NULL UNIQUE,
  display_name text NOT NULL,
  scopes text NOT NULL,
  secret_hash bytea NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  expire_time timestamptz NOT NULL DEFAULT 'infinity',
  last_use_time timestamptz,
  revoke_time timestamptz,
  PRIMARY KEY (organisation_id, api_key_id)
);

CREATE TABLE staff_token (
  organisation_id text NOT NULL,
  staff_token_id text NOT NULL UNIQUE,
  api_key_id text NOT NULL, -- The key that minted it, which it does not outlive.
  actor_id text NOT NULL,
  actor_name text NOT NULL,
  scopes text NOT NULL,
  secret_hash bytea NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  expire_time timestamptz NOT NULL,
  revoke_time timestamptz,
  PRIMARY KEY (organisation_id, staff_token_id),
  FOREIGN KEY (organisation_id, api_key_id) REFERENCES api_key
);

-- A client of an organisation, by e-mail address.
CREATE TABLE account (
  organisation_id text NOT NULL,
  account_id text NOT NULL,
  email text NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, account_id)
);

-- What an account proves itself with; failures in a row count across challenges.
CREATE TABLE factor (
  organisation_id text NOT NULL,
  account_id text NOT NULL,
  factor_id text NOT NULL, -- A keyed hash of the number.
  failures integer NOT NULL,
  locked_until timestamptz NOT NULL DEFAULT '-infinity',
  disabled boolean NOT NULL DEFAULT false,
  PRIMARY KEY (organisation_id, account_id, factor_id)
);

-- What an invitation lets an account enter. A revoked row stays, so that nothing makes it again.
CREATE TABLE access_grant (
  organisation_id text NOT NULL,
  invitation_id text NOT NULL,
  account_id text NOT NULL,
  case_id text NOT NULL,
  contact_id text NOT NULL,
  sees_all boolean NOT NULL,
  document_request_ids text NOT NULL, -- Separated by spaces; empty: all.
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  revoke_time timestamptz,
  PRIMARY KEY (organisation_id, invitation_id)
);

CREATE TABLE session (
  organisation_id text NOT NULL,
  session_id text NOT NULL,
  token_hash bytea NOT NULL UNIQUE,
  account_id text NOT NULL,
  invitation_id text NOT NULL,
  client_name text NOT NULL,
  user_agent text NOT NULL,
  client_address text NOT NULL,
  idle_seconds bigint NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_use_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  expire_time timestamptz NOT NULL, -- The absolute end.
  end_time timestamptz,
  PRIMARY KEY (organisation_id, session_id)
);
CREATE INDEX session_of_account ON session (organisation_id, account_id) WHERE end_time IS NULL;
CREATE INDEX session_of_invitation ON session (organisation_id, invitation_id)
  WHERE end_time IS NULL;

CREATE TABLE audit_event (
  organisation_id text NOT NULL,
  audit_event_id text NOT NULL,
  type text NOT NULL,
  actor_id text NOT NULL,
  actor_name text NOT NULL,
  subject_id text NOT NULL,
  case_id text NOT NULL,
  client_address text NOT NULL,
  request_id text NOT NULL,
  time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, audit_event_id)
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['organisation', 'api_key', 'staff_token', 'account', 'factor',
                           'access_grant', 'session', 'audit_event'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;

-- Belongs to no organisation: the keys that sign principal tokens, the private ones sealed.
CREATE TABLE signing_key (
  key_id text PRIMARY KEY,
  public_key bytea NOT NULL,
  sealed_private_key bytea NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp()
);
