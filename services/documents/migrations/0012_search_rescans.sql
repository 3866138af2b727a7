-- What of a document is searched, folded by the program: name, label and its request's title. Empty
-- where a process of before wrote it: then what it is made of is searched.
ALTER TABLE document ADD COLUMN search_text text NOT NULL DEFAULT '';

-- What counts against a quota before it is a document.
CREATE INDEX upload_unfinished ON upload (organisation_id) WHERE document_id = '';

-- Of which signature database the scanner was last seen: one row at most.
CREATE TABLE signature_database (
  sole boolean PRIMARY KEY DEFAULT true CHECK (sole),
  number bigint NOT NULL
);
-- How far an organisation's documents of the last days have been scanned again by that one. A job
-- goes on from there.
CREATE TABLE rescan (
  organisation_id text PRIMARY KEY,
  number bigint NOT NULL,
  from_time timestamptz NOT NULL, -- What came in before was scanned, or is older.
  document_id text NOT NULL COLLATE "C" -- Of that time, the last one that was.
);
CREATE INDEX document_of_time ON document (organisation_id, create_time, document_id COLLATE "C");

ALTER TABLE rescan ENABLE ROW LEVEL SECURITY;
ALTER TABLE rescan FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON rescan USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
