-- When the CRM put a case last: what a full re-synchronisation goes by. What was there before it is
-- asked about was never put.
ALTER TABLE case_file ADD COLUMN put_time timestamptz NOT NULL DEFAULT '-infinity';
ALTER TABLE case_file ALTER COLUMN put_time SET DEFAULT clock_timestamp();
