SELECT set_config('gatehouse.organisation_id', '*', true);

-- What minted a credential, and what minted that, outermost first: the end of one is the end of all
-- that stand on it. Where somebody's staff token minted an API key, the key acts as that person.
ALTER TABLE api_key
  ADD COLUMN ancestors text[] NOT NULL DEFAULT '{}',
  ADD COLUMN actor_id text NOT NULL DEFAULT '',
  ADD COLUMN actor_name text NOT NULL DEFAULT '',
  -- Counts rotations; an earlier secret is good until its time is up.
  ADD COLUMN generation bigint NOT NULL DEFAULT 0,
  ADD COLUMN earlier_secret_hash bytea,
  ADD COLUMN earlier_expire_time timestamptz NOT NULL DEFAULT '-infinity';
ALTER TABLE staff_token ADD COLUMN ancestors text[] NOT NULL DEFAULT '{}';
UPDATE staff_token SET ancestors = ARRAY[api_key_id];

-- How long a session lives unused. A use reaches the table only when a cached principal ends, which
-- is after a twelfth of the idle limit, 45 seconds at most: that much later it ends.
ALTER TABLE session ADD COLUMN unused_seconds bigint NOT NULL
  GENERATED ALWAYS AS (idle_seconds + least(45, idle_seconds / 12)) STORED;
