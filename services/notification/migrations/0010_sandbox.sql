-- What sandboxes would have sent: nothing of it left the house, and nobody is behind it.
CREATE TABLE sandbox_message (
  organisation_id text NOT NULL,
  message_id text NOT NULL,
  channel integer NOT NULL,
  recipient text NOT NULL,
  subject text NOT NULL,
  body text NOT NULL,
  html text NOT NULL,
  arrive_time timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, message_id)
);
CREATE INDEX sandbox_message_of_recipient
  ON sandbox_message (organisation_id, recipient, message_id);
CREATE INDEX sandbox_message_age ON sandbox_message USING brin (arrive_time);
ALTER TABLE sandbox_message ENABLE ROW LEVEL SECURITY;
ALTER TABLE sandbox_message FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON sandbox_message USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
