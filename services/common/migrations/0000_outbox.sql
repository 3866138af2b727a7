
CREATE TABLE outbox (
  organisation_id text NOT NULL,
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL,
  method text NOT NULL,
  request bytea NOT NULL,
  order_key text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_time timestamptz NOT NULL DEFAULT now(),
  dead boolean NOT NULL DEFAULT false,
  create_time timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_due ON outbox (number) WHERE NOT dead;
CREATE INDEX outbox_order ON outbox (organisation_id, order_key, number) WHERE order_key <> '';
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON outbox USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
