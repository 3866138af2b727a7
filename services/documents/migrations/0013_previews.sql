-- What becomes of a document's preview: 0 nothing was set up that makes any, 1 it waits, 2 it is
-- ready, 3 there is none, 4 it could not be made. A process of before keeps 0.
ALTER TABLE document ADD COLUMN preview integer NOT NULL DEFAULT 0;
CREATE INDEX document_unpreviewed ON document (document_id DESC) WHERE preview = 0;

-- Previews that are ready: the small one and behind it the large one, in one blob of their own.
CREATE TABLE preview (
  organisation_id text NOT NULL,
  document_id text NOT NULL,
  blob_id text NOT NULL,
  small_bytes bigint NOT NULL,
  large_bytes bigint NOT NULL,
  PRIMARY KEY (organisation_id, document_id),
  FOREIGN KEY (organisation_id, document_id) REFERENCES document ON DELETE CASCADE
);
ALTER TABLE preview ENABLE ROW LEVEL SECURITY;
ALTER TABLE preview FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON preview USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));

-- Whoever deletes a document, a process of before too, leaves its preview's bytes to the collector.
CREATE FUNCTION leave_preview() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO loose_blob (organisation_id, document_id) VALUES (OLD.organisation_id, OLD.blob_id);
  RETURN NULL;
END $$;
CREATE TRIGGER preview_gone AFTER DELETE ON preview FOR EACH ROW EXECUTE FUNCTION leave_preview();
