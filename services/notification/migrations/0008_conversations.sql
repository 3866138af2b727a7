-- What staff and clients write to one another about a case.
CREATE TABLE conversation_message (
  organisation_id text NOT NULL,
  message_id text NOT NULL,
  case_id text NOT NULL,
  contact_id text NOT NULL, -- Of the client who wrote it; empty: staff did.
  author_id text NOT NULL,
  author_name text NOT NULL,
  text text NOT NULL, -- A client's. What staff wrote each recipient reads in its own words.
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, message_id)
);
CREATE INDEX conversation_message_of_case
  ON conversation_message (organisation_id, case_id, message_id DESC);
CREATE INDEX conversation_message_age ON conversation_message USING brin (create_time);

CREATE TABLE conversation_recipient (
  organisation_id text NOT NULL,
  message_id text NOT NULL,
  place integer NOT NULL,
  contact_id text NOT NULL,
  text text NOT NULL,
  PRIMARY KEY (organisation_id, message_id, contact_id),
  FOREIGN KEY (organisation_id, message_id) REFERENCES conversation_message ON DELETE CASCADE
);

CREATE TABLE conversation_read (
  organisation_id text NOT NULL,
  message_id text NOT NULL,
  reader_id text NOT NULL, -- The contact's id, or staff's.
  contact_id text NOT NULL, -- Empty: staff.
  reader_name text NOT NULL,
  read_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, message_id, contact_id, reader_id),
  FOREIGN KEY (organisation_id, message_id) REFERENCES conversation_message ON DELETE CASCADE
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY
    ARRAY['conversation_message', 'conversation_recipient', 'conversation_read'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
