-- When an invitation that nobody used ends, from when its contact counts as not invited.
ALTER TABLE contact_portal ADD COLUMN expire_time timestamptz NOT NULL DEFAULT 'infinity';
