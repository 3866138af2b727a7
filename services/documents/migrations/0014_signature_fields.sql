-- Places on the pages of what is signed, and what stands there once its signer has signed. A place
-- is a share of the page as it is shown.
CREATE TABLE signature_field (
  organisation_id text NOT NULL,
  signature_request_id text NOT NULL COLLATE "C",
  position integer NOT NULL,
  field_id text NOT NULL,
  kind integer NOT NULL, -- v1::SignatureField::Kind.
  contact_id text NOT NULL, -- One of the signers.
  page integer NOT NULL,
  place_left double precision NOT NULL,
  place_top double precision NOT NULL,
  place_width double precision NOT NULL,
  place_height double precision NOT NULL,
  page_width double precision NOT NULL, -- In points.
  page_height double precision NOT NULL,
  required boolean NOT NULL,
  wrapped boolean NOT NULL,
  label text NOT NULL,
  value text NOT NULL DEFAULT '',
  PRIMARY KEY (organisation_id, signature_request_id, position),
  FOREIGN KEY (organisation_id, signature_request_id)
    REFERENCES signature_request ON DELETE CASCADE
);

ALTER TABLE signature_field ENABLE ROW LEVEL SECURITY;
ALTER TABLE signature_field FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON signature_field USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));

-- The passkey that a signer proved itself with; empty: it was a code.
ALTER TABLE signer ADD COLUMN passkey_id text NOT NULL DEFAULT '';
ALTER TABLE signer ADD COLUMN passkey_name text NOT NULL DEFAULT '';
