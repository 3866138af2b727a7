-- When somebody comes to the clients of a case. `plan` is a VisitPlan and `agreed` a VisitTime,
-- each with the moments that its times were at when it was kept; `state` is a Visit.State.
CREATE TABLE visit (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  visit_id text NOT NULL,
  contact_id text NOT NULL, -- Empty: it is to all.
  state integer NOT NULL,
  sequence integer NOT NULL DEFAULT 0,
  plan bytea NOT NULL,
  agreed bytea NOT NULL, -- Empty: no time was agreed on yet.
  cancel_reason text NOT NULL DEFAULT '',
  answered_by text NOT NULL DEFAULT '',
  answer text NOT NULL DEFAULT '',
  answer_time timestamptz,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  update_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, case_id, visit_id),
  FOREIGN KEY (organisation_id, case_id) REFERENCES case_file ON DELETE CASCADE
);
ALTER TABLE visit ENABLE ROW LEVEL SECURITY;
ALTER TABLE visit FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON visit USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
