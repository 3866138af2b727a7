-- Documents that are sent to be signed. What is signed are bytes of their own, in the blob store
-- under the signature request's id: whatever becomes of the document.
CREATE TABLE signature_request (
  organisation_id text NOT NULL,
  signature_request_id text NOT NULL COLLATE "C",
  case_id text NOT NULL,
  document_id text NOT NULL COLLATE "C", -- It may be gone.
  title text NOT NULL,
  filename text NOT NULL,
  content_type text NOT NULL,
  size_bytes bigint NOT NULL,
  sha256 text NOT NULL,
  method integer NOT NULL, -- 1 electronic, 2 manual.
  state integer NOT NULL, -- v1::SignatureState.
  in_order boolean NOT NULL,
  countersign boolean NOT NULL,
  message text NOT NULL,
  sender_name text NOT NULL,
  countersigned_name text NOT NULL DEFAULT '',
  end_reason text NOT NULL DEFAULT '',
  create_time timestamptz NOT NULL,
  expire_time timestamptz NOT NULL,
  end_time timestamptz, -- Null: it goes on.
  next_look timestamptz NOT NULL, -- A job waits for it; infinite: none does.
  PRIMARY KEY (organisation_id, signature_request_id)
);
CREATE INDEX signature_request_of_case
  ON signature_request (organisation_id, case_id, signature_request_id DESC);
CREATE INDEX signature_request_of_document
  ON signature_request (organisation_id, document_id, signature_request_id DESC);

CREATE TABLE signer (
  organisation_id text NOT NULL,
  signature_request_id text NOT NULL COLLATE "C",
  position integer NOT NULL,
  contact_id text NOT NULL,
  name text NOT NULL,
  state integer NOT NULL, -- 1 waiting, 2 asked, 3 submitted, 4 signed, 5 declined.
  ask_time timestamptz,
  see_time timestamptz,
  consent_time timestamptz,
  sign_time timestamptz,
  typed_name text NOT NULL DEFAULT '',
  drawn_png bytea NOT NULL DEFAULT '',
  masked_mobile text NOT NULL DEFAULT '',
  signed_document_id text NOT NULL DEFAULT '',
  return_reason text NOT NULL DEFAULT '',
  reminders integer NOT NULL DEFAULT 0, -- That were sent.
  PRIMARY KEY (organisation_id, signature_request_id, position),
  FOREIGN KEY (organisation_id, signature_request_id)
    REFERENCES signature_request ON DELETE CASCADE
);

-- What happened to a signature request, in its order; never changed.
CREATE TABLE signature_event (
  organisation_id text NOT NULL,
  signature_request_id text NOT NULL COLLATE "C",
  number bigint GENERATED ALWAYS AS IDENTITY,
  time timestamptz NOT NULL,
  type text NOT NULL,
  contact_id text NOT NULL,
  actor_name text NOT NULL,
  client_address text NOT NULL,
  user_agent text NOT NULL,
  PRIMARY KEY (organisation_id, signature_request_id, number),
  FOREIGN KEY (organisation_id, signature_request_id)
    REFERENCES signature_request ON DELETE CASCADE
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['signature_request', 'signer', 'signature_event'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY organisation ON %I USING (
      current_setting(''gatehouse.organisation_id'', true) IN (organisation_id, ''*''))', t);
  END LOOP;
END $$;
-- Whether a job was asked to seal it: none is while nothing is set up that seals.
ALTER TABLE signature_request ADD COLUMN seal_asked boolean NOT NULL DEFAULT false;
CREATE INDEX signature_request_unsealed ON signature_request (organisation_id, signature_request_id)
  WHERE state = 3 AND method = 1 AND NOT seal_asked;
-- What became of the sealing of a signed document: a document of the case, or why there is none.
ALTER TABLE signature_request ADD COLUMN sealed_document_id text NOT NULL DEFAULT '';
ALTER TABLE signature_request ADD COLUMN sealed_sha256 text NOT NULL DEFAULT '';
ALTER TABLE signature_request ADD COLUMN seal_refusal text NOT NULL DEFAULT '';
-- Whoever has a sealed file finds it by its hash.
CREATE INDEX signature_request_sealed ON signature_request (sealed_sha256)
  WHERE sealed_sha256 <> '';
