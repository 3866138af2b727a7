-- Who may enter a case, for messages about it.
CREATE INDEX access_grant_of_case ON access_grant (organisation_id, case_id)
  WHERE revoke_time IS NULL;
