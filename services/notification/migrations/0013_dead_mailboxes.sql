-- Addresses, as keyed hashes, that a mail server has refused for good.
CREATE TABLE dead_mailbox (
  organisation_id text NOT NULL,
  address_hash text NOT NULL,
  refuse_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, address_hash)
);
CREATE INDEX dead_mailbox_age ON dead_mailbox USING brin (refuse_time);
ALTER TABLE dead_mailbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE dead_mailbox FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON dead_mailbox USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
