-- One row an organisation: the lock under which its ledger grows, and the ledger's last line.
CREATE TABLE credit_account (
  organisation_id text PRIMARY KEY,
  balance bigint NOT NULL CHECK (balance >= 0),
  entry_number bigint NOT NULL
);

-- The ledger: never changed. `balance` is the sum of all `credits` up to this row.
CREATE TABLE credit_entry (
  organisation_id text NOT NULL,
  entry_number bigint NOT NULL,
  kind integer NOT NULL,
  credits bigint NOT NULL,
  balance bigint NOT NULL,
  reference text NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, entry_number)
);
-- A purchase's reference buys once; a message is reserved, charged and released once.
CREATE UNIQUE INDEX credit_entry_once ON credit_entry (organisation_id, kind, reference);

CREATE TABLE message (
  organisation_id text NOT NULL,
  message_id text NOT NULL,
  request_id text NOT NULL,
  channel integer NOT NULL,
  template text NOT NULL,
  masked_recipient text NOT NULL,
  sealed bytea NOT NULL, -- Recipient, subject and text; emptied once it cannot be sent any more.
  case_id text NOT NULL,
  segments integer NOT NULL,
  state integer NOT NULL DEFAULT 1,
  attempts integer NOT NULL DEFAULT 0,
  unsure boolean NOT NULL DEFAULT false, -- The provider may have taken it: ask before sending.
  provider_id text NOT NULL DEFAULT '',
  failure text NOT NULL DEFAULT '',
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  send_time timestamptz,
  expire_time timestamptz NOT NULL,
  next_attempt_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, message_id),
  UNIQUE (organisation_id, request_id)
);
CREATE INDEX message_due ON message (channel, next_attempt_time) WHERE state IN (1, 2);
CREATE INDEX message_of_case ON message (organisation_id, case_id, message_id DESC);
CREATE INDEX message_of_provider ON message (organisation_id, provider_id) WHERE provider_id <> '';

-- The row that each event's transaction locks: numbers therefore become visible in their order.
CREATE TABLE event_feed (
  organisation_id text PRIMARY KEY,
  last_number bigint NOT NULL
);

CREATE TABLE event (
  organisation_id text NOT NULL,
  number bigint NOT NULL,
  event_id text NOT NULL,
  request_id text NOT NULL,
  type text NOT NULL,
  case_id text NOT NULL,
  time timestamptz NOT NULL,
  data jsonb NOT NULL,
  PRIMARY KEY (organisation_id, number),
  UNIQUE (organisation_id, request_id)
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['credit_account', 'credit_entry', 'message', 'event_feed', 'event'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
