SELECT set_config('gatehouse.organisation_id', '*', true);

-- The outbox is one user of the work that waits. A lane is served by itself; `waits` says that an
-- earlier job of the same key must be done first.
ALTER TABLE outbox RENAME TO job;
ALTER TABLE job RENAME COLUMN method TO kind;
ALTER TABLE job RENAME COLUMN request TO payload;
ALTER TABLE job RENAME COLUMN next_attempt_time TO due_time;
ALTER TABLE job ADD COLUMN lane text;
ALTER TABLE job ADD COLUMN waits boolean NOT NULL DEFAULT false;
UPDATE job SET lane = split_part(kind, '.', 2);
ALTER TABLE job ALTER COLUMN lane SET NOT NULL;
DROP INDEX outbox_due;
DROP INDEX outbox_order;
CREATE INDEX job_due ON job (lane, organisation_id, due_time, number) WHERE NOT dead AND NOT waits;
CREATE INDEX job_order ON job (organisation_id, order_key, number)
  WHERE order_key <> '' AND NOT dead;
CREATE INDEX job_dead ON job (create_time) WHERE dead;
