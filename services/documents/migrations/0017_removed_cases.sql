-- Cases that were deleted: what is about them bears the aside's id in the place of the case's,
-- which begins with a ~ and so is none that a caller can name.
CREATE TABLE removed_case (
  organisation_id text NOT NULL,
  aside_id text NOT NULL,
  remove_time timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, aside_id)
);
ALTER TABLE removed_case ENABLE ROW LEVEL SECURITY;
ALTER TABLE removed_case FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON removed_case USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));

-- What is swept of them leaves its bytes to the collector, and counts until then. Whoever erases it
-- has done so already, in its own statement.
CREATE FUNCTION leave_removed_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO loose_blob (organisation_id, document_id, case_id, contact_id, documents, bytes)
  VALUES (OLD.organisation_id, OLD.document_id, OLD.case_id,
          CASE WHEN OLD.from_client THEN OLD.uploader_id ELSE '' END, 1, OLD.size_bytes)
  ON CONFLICT (organisation_id, document_id) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER removed_document_gone AFTER DELETE ON document FOR EACH ROW
  WHEN (OLD.case_id LIKE '~%') EXECUTE FUNCTION leave_removed_document();
CREATE FUNCTION leave_removed_signing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO loose_blob (organisation_id, document_id)
  VALUES (OLD.organisation_id, OLD.signature_request_id)
  ON CONFLICT (organisation_id, document_id) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER removed_signing_gone AFTER DELETE ON signature_request FOR EACH ROW
  WHEN (OLD.case_id LIKE '~%') EXECUTE FUNCTION leave_removed_signing();
