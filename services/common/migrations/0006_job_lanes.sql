SELECT set_config('gatehouse.organisation_id', '*', true);

-- What goes first (0) or in its turn (1); when a job has lost its point; how often it failed by
-- itself; and whether it waits only since what its lane goes to was away.
ALTER TABLE job ADD COLUMN priority smallint NOT NULL DEFAULT 1;
ALTER TABLE job ADD COLUMN expire_time timestamptz NOT NULL DEFAULT 'infinity';
ALTER TABLE job ADD COLUMN failures integer NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN paused boolean NOT NULL DEFAULT false;
UPDATE job SET failures = attempts WHERE attempts > 0;
DROP INDEX job_due;
CREATE INDEX job_due ON job (lane, priority, organisation_id, due_time, number)
  WHERE NOT dead AND NOT waits;
CREATE INDEX job_paused ON job (lane) WHERE paused AND NOT dead;
