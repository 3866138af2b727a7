-- Which blob store holds the bytes of these documents, by the id in its marker: one row at most.
-- Written once by `gatehouse-documents init-store`; another folder is not taken for it.
CREATE TABLE blob_store (
  sole boolean PRIMARY KEY DEFAULT true CHECK (sole),
  store_id text NOT NULL,
  create_time timestamptz NOT NULL DEFAULT now()
);
