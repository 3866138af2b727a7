-- Who may enter a case, for messages about it. The case comes first, and revoked grants are in it
-- too: while the table is small, plans that are kept for long would take an index that leaves these
-- out, or that begins with the organisation, for the primary key's.
CREATE INDEX access_grant_of_case ON access_grant (case_id, organisation_id);
