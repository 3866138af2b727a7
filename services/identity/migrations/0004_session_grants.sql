SELECT set_config('gatehouse.organisation_id', '*', true);

-- What a session may enter: each grant by a proof of its own, and ended on its own.
CREATE TABLE session_grant (
  organisation_id text NOT NULL,
  session_id text NOT NULL,
  invitation_id text NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, session_id, invitation_id),
  FOREIGN KEY (organisation_id, session_id) REFERENCES session ON DELETE CASCADE
);
CREATE INDEX session_grant_of_invitation ON session_grant (organisation_id, invitation_id);
ALTER TABLE session_grant ENABLE ROW LEVEL SECURITY;
ALTER TABLE session_grant FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON session_grant USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));

INSERT INTO session_grant (organisation_id, session_id, invitation_id)
SELECT organisation_id, session_id, invitation_id FROM session WHERE end_time IS NULL;

-- The phone that proved it, as in `factor`: another case may be added by the same one only.
ALTER TABLE session ADD COLUMN factor_id text NOT NULL DEFAULT '';
