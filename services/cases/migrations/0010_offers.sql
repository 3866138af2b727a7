-- What staff share with clients of a case to be accepted or declined. `content` is an OfferContent
-- as canonical JSON (RFC 8785), of which `content_sha256` is the digest: it is never changed.
CREATE TABLE offer (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  offer_id text NOT NULL,
  contact_id text NOT NULL, -- Empty: it is for all.
  content text NOT NULL,
  content_sha256 text NOT NULL,
  valid_until_time timestamptz NOT NULL,
  closes_others boolean NOT NULL,
  state integer NOT NULL DEFAULT 1, -- An Offer.State; never EXPIRED, which the time says.
  -- Who accepted or declined it: set together, with the time.
  decided_by text NOT NULL DEFAULT '',
  decision_reason text NOT NULL DEFAULT '',
  account_id text NOT NULL DEFAULT '',
  client_address text NOT NULL DEFAULT '',
  user_agent text NOT NULL DEFAULT '',
  decision_time timestamptz,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, case_id, offer_id),
  FOREIGN KEY (organisation_id, case_id) REFERENCES case_file ON DELETE CASCADE
);
-- Who saw it, for the first time.
CREATE TABLE offer_sight (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  offer_id text NOT NULL,
  contact_id text NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, case_id, offer_id, contact_id),
  FOREIGN KEY (organisation_id, case_id, offer_id) REFERENCES offer ON DELETE CASCADE
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['offer', 'offer_sight'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
