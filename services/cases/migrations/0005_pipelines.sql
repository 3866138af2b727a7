-- The pipelines of organisations. `version` is that of the newest definition: the etag.
CREATE TABLE pipeline (
  organisation_id text NOT NULL,
  pipeline_id text NOT NULL,
  display_name text NOT NULL,
  version integer NOT NULL,
  PRIMARY KEY (organisation_id, pipeline_id)
);
-- Their definitions: the message Pipeline. Cases stay on the version that they began with, so none
-- is ever changed.
CREATE TABLE pipeline_version (
  organisation_id text NOT NULL,
  pipeline_id text NOT NULL,
  version integer NOT NULL,
  definition bytea NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, pipeline_id, version),
  FOREIGN KEY (organisation_id, pipeline_id) REFERENCES pipeline
);
-- On which pipeline the cases of a kind begin.
CREATE TABLE pipeline_kind (
  organisation_id text NOT NULL,
  kind text NOT NULL,
  pipeline_id text NOT NULL,
  PRIMARY KEY (organisation_id, kind),
  FOREIGN KEY (organisation_id, pipeline_id) REFERENCES pipeline
);
CREATE INDEX pipeline_kind_of ON pipeline_kind (organisation_id, pipeline_id);

-- Where a case stands, and the number of its last move.
CREATE TABLE case_place (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  pipeline_id text NOT NULL,
  pipeline_version integer NOT NULL,
  state_id text NOT NULL,
  moves bigint NOT NULL DEFAULT 1,
  since_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, case_id),
  FOREIGN KEY (organisation_id, case_id) REFERENCES case_file ON DELETE CASCADE,
  FOREIGN KEY (organisation_id, pipeline_id, pipeline_version) REFERENCES pipeline_version
);
-- For the report, from the index alone.
CREATE INDEX case_place_standing ON case_place (organisation_id, pipeline_id, state_id)
  INCLUDE (since_time);
-- How it came there. `cause` is a MoveCause.
CREATE TABLE case_move (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  number bigint NOT NULL,
  pipeline_id text NOT NULL,
  pipeline_version integer NOT NULL,
  from_state_id text NOT NULL,
  to_state_id text NOT NULL,
  cause integer NOT NULL,
  actor_id text NOT NULL,
  actor_name text NOT NULL,
  contact_id text NOT NULL,
  reason text NOT NULL,
  external_action text NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, case_id, number),
  FOREIGN KEY (organisation_id, case_id) REFERENCES case_file ON DELETE CASCADE
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['pipeline', 'pipeline_version', 'pipeline_kind', 'case_place',
                           'case_move'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
