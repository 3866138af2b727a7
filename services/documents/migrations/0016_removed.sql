-- What was removed counts in the quotas until its bytes are collected: whose it was, and how much.
-- Nothing of what is loose for another reason, or was removed by a process of before, counts.
ALTER TABLE loose_blob ADD COLUMN case_id text NOT NULL DEFAULT '';
ALTER TABLE loose_blob ADD COLUMN contact_id text NOT NULL DEFAULT ''; -- Empty: staff's.
ALTER TABLE loose_blob ADD COLUMN documents bigint NOT NULL DEFAULT 0;
ALTER TABLE loose_blob ADD COLUMN bytes bigint NOT NULL DEFAULT 0;

-- Whoever collects, a process of before too, counts it no more; in the order of whoever counts.
CREATE FUNCTION count_collected() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE usage SET documents = documents - OLD.documents, bytes = bytes - OLD.bytes
    WHERE organisation_id = OLD.organisation_id AND case_id = '' AND contact_id = '';
  UPDATE usage SET documents = documents - OLD.documents, bytes = bytes - OLD.bytes
    WHERE organisation_id = OLD.organisation_id AND case_id = OLD.case_id AND contact_id = '';
  IF OLD.contact_id <> '' THEN
    UPDATE usage SET documents = documents - OLD.documents, bytes = bytes - OLD.bytes
      WHERE organisation_id = OLD.organisation_id AND case_id = OLD.case_id
        AND contact_id = OLD.contact_id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER blob_collected AFTER DELETE ON loose_blob FOR EACH ROW
  WHEN (OLD.documents > 0) EXECUTE FUNCTION count_collected();
