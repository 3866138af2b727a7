-- The key from which all others of the service are derived, sealed under the secret key of its
-- settings: that one can be replaced, and this one stays. One row; sealed by the first process that
-- starts. Where the service was there before this table, the secret key of then is it.
CREATE TABLE root_key (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  sealed bytea NOT NULL DEFAULT '',
  check_value bytea NOT NULL DEFAULT '', -- By which a process sees that it has the same one.
  adopts boolean NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  seal_time timestamptz
);
INSERT INTO root_key (adopts)
SELECT EXISTS (SELECT FROM schema_migration WHERE name ~ '^0001_' AND name <> '0001_once.sql');
