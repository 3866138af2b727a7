-- An organisation's templates. What they say is in their versions, of which `version` holds; a
-- deleted one keeps them.
CREATE TABLE template (
  organisation_id text NOT NULL,
  template_id text NOT NULL, -- tpl_…, or a kind's name, with a language or without.
  kind text NOT NULL,
  version bigint NOT NULL,
  deleted boolean NOT NULL,
  update_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, template_id)
);
CREATE INDEX template_of_kind ON template (organisation_id, kind, template_id);
CREATE INDEX template_age ON template USING brin (update_time);

CREATE TABLE template_version (
  organisation_id text NOT NULL,
  template_id text NOT NULL,
  version bigint NOT NULL,
  title text NOT NULL,
  subject text NOT NULL,
  body text NOT NULL,
  html text NOT NULL,
  deleted boolean NOT NULL, -- It is the template's end.
  author_id text NOT NULL,
  author_name text NOT NULL,
  create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (organisation_id, template_id, version),
  FOREIGN KEY (organisation_id, template_id) REFERENCES template ON DELETE CASCADE
);

-- What a message's text was made of; an empty id: of no template of the organisation's.
ALTER TABLE message ADD COLUMN template_id text NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN template_version bigint NOT NULL DEFAULT 0;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['template', 'template_version'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
