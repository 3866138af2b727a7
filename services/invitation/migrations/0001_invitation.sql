-- What an organisation changed of the default policy; null: the default.
CREATE TABLE policy (
  organisation_id text PRIMARY KEY,
  link_ttl_seconds bigint,
  single_use_links boolean,
  max_invitations integer,
  eligible_roles text[],
  required_labels text[],
  require_privacy_disclosure boolean,
  privacy_disclosure_url text,
  visibility integer,
  email_subject text,
  email_body text
);

-- One row a case: the lock under which its invitations change, and a number that grows with each
-- change, by which cases knows the latest word on a contact's access.
CREATE TABLE case_lock (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  version bigint NOT NULL,
  PRIMARY KEY (organisation_id, case_id)
);

-- The contact as it was when it was invited. State: 1 pending, 2 accepted, 3 expired and replaced
-- by a newer one, 4 revoked. A pending one whose time is up is expired without anybody writing it.
CREATE TABLE invitation (
  organisation_id text NOT NULL,
  invitation_id text NOT NULL,
  case_id text NOT NULL,
  contact_id text NOT NULL,
  state integer NOT NULL,
  delivery integer NOT NULL,
  visibility integer NOT NULL,
  document_request_ids text[] NOT NULL,
  contact_name text NOT NULL,
  email text NOT NULL,
  mobile text NOT NULL,
  inviter_name text NOT NULL,
  request_id text,
  message_request_id text NOT NULL DEFAULT '',
  expire_time timestamptz NOT NULL,
  create_time timestamptz NOT NULL,
  send_time timestamptz,
  accept_time timestamptz,
  revoke_time timestamptz,
  PRIMARY KEY (organisation_id, invitation_id),
  UNIQUE (organisation_id, request_id)
);
CREATE UNIQUE INDEX invitation_live ON invitation (organisation_id, case_id, contact_id)
  WHERE state IN (1, 2);
CREATE INDEX invitation_of_case ON invitation (organisation_id, case_id, invitation_id DESC);

-- A personal link; only the SHA-256 of its token is kept.
CREATE TABLE link (
  organisation_id text NOT NULL,
  link_id text NOT NULL,
  invitation_id text NOT NULL,
  token_hash bytea NOT NULL UNIQUE,
  single_use boolean NOT NULL,
  used_by text, -- The challenge that a single-use link led to.
  killed boolean NOT NULL DEFAULT false,
  expire_time timestamptz NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, link_id),
  FOREIGN KEY (organisation_id, invitation_id) REFERENCES invitation
);
CREATE INDEX link_of_invitation ON link (organisation_id, invitation_id);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['policy', 'case_lock', 'invitation', 'link'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
