-- What keeps clients out of their organisation's portal, as cases says. `version` counts the states
-- that the portal was in: principals stand on it.
CREATE TABLE portal_standing (
  organisation_id text PRIMARY KEY,
  enabled boolean NOT NULL,
  settings_version bigint NOT NULL,
  terms_version integer NOT NULL,
  version bigint NOT NULL
);
-- The latest terms that an account has accepted.
CREATE TABLE terms_accepted (
  organisation_id text NOT NULL,
  account_id text NOT NULL,
  terms_version integer NOT NULL,
  PRIMARY KEY (account_id, organisation_id)
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['portal_standing', 'terms_accepted'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
