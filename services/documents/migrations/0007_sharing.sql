-- Where staff put a document, and with which clients they share it.
ALTER TABLE document ADD COLUMN folder text NOT NULL DEFAULT ''; -- Empty: where it lay at first.
ALTER TABLE document ADD COLUMN share_time timestamptz; -- Null: it is not shared.
ALTER TABLE document ADD COLUMN shared_contact_id text NOT NULL DEFAULT ''; -- Empty: with all.
CREATE INDEX document_shared ON document (organisation_id, case_id, share_time)
  WHERE share_time IS NOT NULL;
