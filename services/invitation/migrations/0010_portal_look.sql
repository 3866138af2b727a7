-- How an organisation's portal looks, as cases says: the message cases.v1.PortalLook. Null: as it
-- is by default.
ALTER TABLE portal_state ADD COLUMN look bytea;
