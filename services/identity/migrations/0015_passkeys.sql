-- What clients' authenticators hold the other half of. The subject, sealed, is whose it is and how
-- to reach them.
CREATE TABLE passkey (
  organisation_id text NOT NULL,
  account_id text NOT NULL,
  passkey_id text NOT NULL,
  host text NOT NULL, -- Of the portal that it belongs to: its relying party.
  credential_id bytea NOT NULL,
  algorithm integer NOT NULL, -- As COSE numbers it.
  public_key bytea NOT NULL,
  counter bigint NOT NULL, -- Of its uses, as its authenticator counts them; 0: it does not.
  backed_up boolean NOT NULL,
  display_name text NOT NULL,
  proven_by text NOT NULL, -- The factor that had proven the session in which it was registered.
  sealed_subject bytea NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_use_time timestamptz,
  PRIMARY KEY (organisation_id, account_id, passkey_id)
);
CREATE UNIQUE INDEX passkey_credential ON passkey (organisation_id, host, credential_id);
ALTER TABLE passkey ENABLE ROW LEVEL SECURITY;
ALTER TABLE passkey FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON passkey USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
