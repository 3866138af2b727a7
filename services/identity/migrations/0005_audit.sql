-- What a stranger named the request, beside our own id of it.
ALTER TABLE audit_event ADD COLUMN client_request_id text NOT NULL DEFAULT '';

-- The trail of one case, newest first.
CREATE INDEX audit_event_of_case ON audit_event (organisation_id, case_id, audit_event_id)
  WHERE case_id <> '';
