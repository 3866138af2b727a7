-- A case's documents in a folder, as they are listed (kPageOfFolder).
CREATE INDEX document_of_folder ON document (organisation_id, case_id,
  (CASE WHEN folder <> '' THEN folder
   WHEN from_client THEN 'Client-Documents' ELSE 'Documents' END),
  document_id DESC);
