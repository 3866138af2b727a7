-- What organisations have set goes on to hold: the message gatehouse.documents.v1.Settings with its
-- first field, a varint. The table `settings` is not read any more.
CREATE FUNCTION pg_temp.varint(n bigint) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE bytes bytea := '';
BEGIN
  WHILE n >= 128 LOOP
    bytes := bytes || set_byte('\x00'::bytea, 0, (n % 128 + 128)::integer);
    n := n / 128;
  END LOOP;
  RETURN bytes || set_byte('\x00'::bytea, 0, n::integer);
END $$;

SELECT set_config('gatehouse.organisation_id', '*', true);
INSERT INTO settings_document (organisation_id, kind, document, fields, version)
  SELECT organisation_id, 'gatehouse.documents.v1.Settings',
         '\x08'::bytea || pg_temp.varint(max_document_bytes), 'max_document_bytes', 1
  FROM settings;
