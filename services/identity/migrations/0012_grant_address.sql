-- The only address whose password may enter by the invitation, where its address was corrected: a
-- keyed hash, as in `password`. Empty: any.
ALTER TABLE access_grant ADD COLUMN email_key text NOT NULL DEFAULT '';
