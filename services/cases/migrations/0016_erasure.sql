-- Erasures of contacts, and what is left of them: the receipt (an EraseContactResponse), of ids and
-- counts alone. `step` is what a job does next: services/cases/erasures/domain/steps.h.
CREATE TABLE erasure (
  organisation_id text NOT NULL,
  erasure_id text NOT NULL,
  contact_id text NOT NULL,
  actor_id text NOT NULL,
  actor_name text NOT NULL,
  step integer NOT NULL DEFAULT 0,
  receipt bytea NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  end_time timestamptz, -- Null: it is under way.
  PRIMARY KEY (organisation_id, erasure_id)
);
CREATE INDEX erasure_of_contact ON erasure (organisation_id, contact_id, erasure_id DESC);
ALTER TABLE erasure ENABLE ROW LEVEL SECURITY;
ALTER TABLE erasure FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON erasure USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));

-- A contact in all of its cases. The contact comes first, lest plans that are kept for long take
-- these for the primary keys.
CREATE INDEX contact_of_person ON contact (contact_id, organisation_id);
CREATE INDEX contact_portal_of_person ON contact_portal (contact_id, organisation_id);
