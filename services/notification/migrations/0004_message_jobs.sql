SELECT set_config('gatehouse.organisation_id', '*', true);

-- A message that waits is a job, whose payload is what is to be sent, sealed under the same key and
-- name as before; the message says where it stands. `attempts` are those whose outcome is known:
-- one more of the job's than that may have been made.
ALTER TABLE message ADD COLUMN job_number bigint;
ALTER TABLE message ADD COLUMN unsure_time timestamptz; -- The provider may have taken it then.
ALTER TABLE message ADD COLUMN topic text NOT NULL DEFAULT ''; -- One that waits under it is enough.
INSERT INTO job (organisation_id, lane, kind, id, payload, order_key, traceparent, priority,
                 attempts, due_time, expire_time, create_time)
  SELECT organisation_id, CASE channel WHEN 2 THEN 'sms' ELSE 'email' END, 'message',
         organisation_id || '/' || message_id, sealed, '', traceparent,
         (template NOT LIKE 'sign-in-code%')::int, attempts, next_attempt_time, expire_time,
         create_time
  FROM message WHERE state IN (1, 2);
UPDATE message SET job_number = job.number, state = 1,
                   unsure_time = CASE WHEN unsure OR state = 2 THEN now() END
  FROM job WHERE job.kind = 'message' AND job.organisation_id = message.organisation_id
    AND job.id = message.organisation_id || '/' || message.message_id;
DROP INDEX message_due;
ALTER TABLE message DROP COLUMN sealed, DROP COLUMN next_attempt_time, DROP COLUMN unsure,
  DROP COLUMN traceparent;
CREATE INDEX message_topic ON message (organisation_id, topic) WHERE state = 1 AND topic <> '';
