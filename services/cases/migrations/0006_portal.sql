-- Terms and conditions, in versions that never change: the message Terms.
CREATE TABLE terms (
  organisation_id text NOT NULL,
  version integer NOT NULL,
  texts bytea NOT NULL,
  publisher text NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, version)
);
-- Who accepted which of them.
CREATE TABLE terms_acceptance (
  organisation_id text NOT NULL,
  account_id text NOT NULL,
  version integer NOT NULL,
  number bigint GENERATED ALWAYS AS IDENTITY,
  contact_id text NOT NULL,
  case_id text NOT NULL,
  client_address text NOT NULL,
  user_agent text NOT NULL,
  language text NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, account_id, version),
  FOREIGN KEY (organisation_id, version) REFERENCES terms
);
CREATE INDEX terms_acceptance_newest ON terms_acceptance (organisation_id, number DESC);
-- Which clients have been welcomed.
CREATE TABLE welcome (
  organisation_id text NOT NULL,
  account_id text NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, account_id)
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['terms', 'terms_acceptance', 'welcome'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
