SELECT set_config('gatehouse.organisation_id', '*', true);

-- The last change of each case, for who keeps up. A change has no number until somebody asks, who
-- numbers what is committed then (store/change_store.cpp): so no number appears below one that was
-- read.
CREATE TABLE case_change (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  number bigint,
  deleted boolean NOT NULL DEFAULT false,
  change_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, case_id)
);
CREATE INDEX case_change_numbered ON case_change (organisation_id, number);
CREATE SEQUENCE case_change_number;
ALTER TABLE case_change ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_change FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON case_change USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));

INSERT INTO case_change (organisation_id, case_id, change_time)
SELECT organisation_id, case_id, update_time FROM case_file;
INSERT INTO case_change (organisation_id, case_id, deleted, change_time)
SELECT organisation_id, case_id, true, delete_time FROM deleted_case
ON CONFLICT (organisation_id, case_id) DO NOTHING;

-- By a trigger, since every noun changes its case, and in a set each.
CREATE FUNCTION note_case_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO case_change (organisation_id, case_id, deleted)
  SELECT organisation_id, case_id, TG_OP = 'DELETE' FROM changed ORDER BY case_id
  ON CONFLICT (organisation_id, case_id) DO UPDATE SET number = NULL, deleted = excluded.deleted,
    change_time = clock_timestamp();
  RETURN NULL;
END $$;
CREATE TRIGGER case_made AFTER INSERT ON case_file
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_case_changes();
CREATE TRIGGER case_changed AFTER UPDATE ON case_file
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_case_changes();
CREATE TRIGGER case_deleted AFTER DELETE ON case_file
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_case_changes();
