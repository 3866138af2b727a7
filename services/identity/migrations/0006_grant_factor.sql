-- The only factor that may enter by the invitation, where its number was corrected: a keyed hash,
-- as in `factor`. Empty: any; `none`: none.
ALTER TABLE access_grant ADD COLUMN factor_id text NOT NULL DEFAULT '';
