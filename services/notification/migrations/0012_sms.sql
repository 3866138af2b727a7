-- Numbers, as keyed hashes, that asked for no more SMS, or for them again. Of the sender that all
-- organisations share the rows are nobody's (''); an organisation's own says what its staff did.
CREATE TABLE sms_stop (
  organisation_id text NOT NULL,
  number_hash text NOT NULL,
  stopped boolean NOT NULL,
  change_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (number_hash, organisation_id)
);
-- SMS that came in, by what the provider calls them: each says something once.
CREATE TABLE sms_inbound (
  organisation_id text NOT NULL,
  provider_id text NOT NULL,
  receive_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (provider_id, organisation_id)
);
CREATE INDEX sms_inbound_age ON sms_inbound USING brin (receive_time);
-- What the provider said of messages that it took; never changed.
CREATE TABLE message_receipt (
  organisation_id text NOT NULL,
  message_id text NOT NULL,
  delivery integer NOT NULL,
  provider_id text NOT NULL,
  failure text NOT NULL,
  receive_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, message_id, delivery)
);
CREATE INDEX message_receipt_age ON message_receipt USING brin (receive_time);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['sms_stop', 'sms_inbound', 'message_receipt'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
-- What a number said to all is read by all, and written by none of them.
CREATE POLICY everybodys ON sms_stop FOR SELECT USING (organisation_id = '');

-- What organisations send by themselves, sealed. `candidate` is to be tested before it counts.
CREATE TABLE relay (
  organisation_id text NOT NULL,
  channel integer NOT NULL,
  active bytea,
  candidate bytea,
  candidate_version text,
  test_time timestamptz,
  failure text NOT NULL DEFAULT '',
  failure_time timestamptz,
  PRIMARY KEY (organisation_id, channel)
);
ALTER TABLE relay ENABLE ROW LEVEL SECURITY;
ALTER TABLE relay FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON relay USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
