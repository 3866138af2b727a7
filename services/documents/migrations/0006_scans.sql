-- What a scanner found in a document, or why that is not known.
ALTER TABLE document ADD COLUMN scan_finding text NOT NULL DEFAULT '';
