SELECT set_config('gatehouse.organisation_id', '*', true);

-- No version comes twice: what was proven by a password that was taken away says nothing about the
-- next one.
CREATE SEQUENCE password_version;
SELECT setval('password_version', 1 + coalesce((SELECT max(version) FROM password), 0));
ALTER TABLE password ALTER COLUMN version SET DEFAULT nextval('password_version');

-- How often staff have reset what an account signs in with: what was begun before is void.
ALTER TABLE account ADD COLUMN resets bigint NOT NULL DEFAULT 0;

-- All accounts of a contact, for a reset by staff.
CREATE INDEX access_grant_of_contact ON access_grant (contact_id, organisation_id);
