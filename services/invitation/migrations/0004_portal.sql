-- The portal that an invitation's links lead to; empty: the organisation's first one.
ALTER TABLE invitation ADD COLUMN portal_url text NOT NULL DEFAULT '';
