-- What the owners of cases are told of by the daily summary. One that was sent is known until the
-- sweeper ends it: a job that is done again tells nothing again.
CREATE TABLE summary_entry (
  organisation_id text NOT NULL,
  event_id text NOT NULL,
  type text NOT NULL,
  case_id text NOT NULL,
  time timestamptz NOT NULL,
  data jsonb NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  sent_time timestamptz,
  PRIMARY KEY (organisation_id, event_id)
);
CREATE INDEX summary_entry_waiting ON summary_entry (organisation_id, time, event_id)
  WHERE sent_time IS NULL;
CREATE INDEX summary_entry_age ON summary_entry USING brin (create_time);

-- One row an organisation for which a summary is planned: the lock under which entries are noted
-- and summaries are sent.
CREATE TABLE summary (
  organisation_id text PRIMARY KEY,
  due_time timestamptz NOT NULL,
  anew boolean NOT NULL DEFAULT false -- The last entry planned it anew.
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['summary_entry', 'summary'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
