-- What becomes of document requests: their review, templates of them, and reminders.
ALTER TABLE document_request ADD COLUMN due_date text NOT NULL DEFAULT ''; -- ISO 8601, or empty.
-- 1 required, 2 pending review, 3 accepted, 4 returned. A process of before keeps 1.
ALTER TABLE document_request ADD COLUMN state integer NOT NULL DEFAULT 1;
ALTER TABLE document_request ADD COLUMN return_reason text NOT NULL DEFAULT '';
ALTER TABLE document_request ADD COLUMN unavailable_reason text NOT NULL DEFAULT '';
ALTER TABLE document_request ADD COLUMN review_time timestamptz;

CREATE TABLE document_request_template (
  organisation_id text NOT NULL,
  template_id text NOT NULL COLLATE "C",
  display_name text NOT NULL,
  case_kind text NOT NULL, -- Empty: of any.
  PRIMARY KEY (organisation_id, template_id)
);
CREATE TABLE document_request_template_item (
  organisation_id text NOT NULL,
  template_id text NOT NULL COLLATE "C",
  position integer NOT NULL,
  title text NOT NULL,
  label text NOT NULL,
  due_days integer NOT NULL,
  PRIMARY KEY (organisation_id, template_id, position),
  FOREIGN KEY (organisation_id, template_id) REFERENCES document_request_template ON DELETE CASCADE
);

-- When a case's requests are looked at, to remind clients of them. A job waits for next_time.
CREATE TABLE case_reminder (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  next_time timestamptz NOT NULL, -- Infinite: once something changes.
  last_time timestamptz NOT NULL DEFAULT '-infinity',
  version bigint NOT NULL DEFAULT 1, -- Grows whenever something changes that a look must see.
  PRIMARY KEY (organisation_id, case_id)
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY
    ARRAY['document_request_template', 'document_request_template_item', 'case_reminder']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
