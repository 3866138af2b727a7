-- Where an organisation's events are brought to. `cursor`: the last event of the feed that was
-- tried there at least once, or not asked for; those after it are still to be. `scheduled`: there
-- is a job that brings what is due; it is set and cleared with that.
CREATE TABLE webhook_endpoint (
  organisation_id text NOT NULL,
  endpoint_id text NOT NULL,
  display_name text NOT NULL,
  url text NOT NULL,
  event_types text[] NOT NULL, -- Empty: all.
  enabled boolean NOT NULL DEFAULT true,
  secret bytea NOT NULL, -- Sealed.
  previous_secret bytea NOT NULL DEFAULT '',
  previous_secret_expire_time timestamptz NOT NULL DEFAULT '-infinity',
  cursor bigint NOT NULL,
  scheduled boolean NOT NULL DEFAULT false,
  failures integer NOT NULL DEFAULT 0, -- In a row.
  failing_since timestamptz,
  next_attempt_time timestamptz NOT NULL DEFAULT '-infinity', -- While it fails, not before.
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, endpoint_id)
);

-- An event that an endpoint did not take at the first attempt.
CREATE TABLE webhook_delivery (
  organisation_id text NOT NULL,
  endpoint_id text NOT NULL,
  number bigint NOT NULL,
  state smallint NOT NULL, -- 1: tried again; 2: dead.
  attempts integer NOT NULL,
  failure smallint NOT NULL,
  http_status integer NOT NULL,
  first_attempt_time timestamptz NOT NULL,
  attempt_time timestamptz NOT NULL,
  next_attempt_time timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, endpoint_id, number),
  FOREIGN KEY (organisation_id, endpoint_id) REFERENCES webhook_endpoint ON DELETE CASCADE
);
CREATE INDEX webhook_delivery_due ON webhook_delivery
  (organisation_id, endpoint_id, next_attempt_time) WHERE state = 1;
CREATE INDEX webhook_delivery_state ON webhook_delivery
  (organisation_id, endpoint_id, state, number);
CREATE INDEX webhook_delivery_age ON webhook_delivery (attempt_time);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['webhook_endpoint', 'webhook_delivery'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
