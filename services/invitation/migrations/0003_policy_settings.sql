-- The policy becomes a settings document: gatehouse.invitation.v1.Policy, in protobuf's wire
-- format. `policy` itself goes with a later version, since processes of the last one read it until
-- they are replaced.
SET LOCAL gatehouse.organisation_id = '*';

CREATE FUNCTION pg_temp.varint(n bigint) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
  encoded bytea := '';
BEGIN
  WHILE n > 127 LOOP
    encoded := encoded || set_byte('\x00'::bytea, 0, ((n & 127) | 128)::int);
    n := n >> 7;
  END LOOP;
  RETURN encoded || set_byte('\x00'::bytea, 0, n::int);
END $$;

-- A field that holds a number, and one that holds bytes; nothing of what is null.
CREATE FUNCTION pg_temp.number(field int, n bigint) RETURNS bytea LANGUAGE sql AS $$
  SELECT coalesce(pg_temp.varint(field * 8) || pg_temp.varint(n), '') $$;
CREATE FUNCTION pg_temp.bytes(field int, b bytea) RETURNS bytea LANGUAGE sql AS $$
  SELECT coalesce(pg_temp.varint(field * 8 + 2) || pg_temp.varint(octet_length(b)) || b, '') $$;
CREATE FUNCTION pg_temp.texts(field int, list text[]) RETURNS bytea LANGUAGE sql AS $$
  SELECT coalesce(string_agg(pg_temp.bytes(field, convert_to(t, 'UTF8')), ''::bytea ORDER BY n), '')
  FROM unnest(list) WITH ORDINALITY AS u (t, n) $$;

INSERT INTO settings_document (organisation_id, kind, document, fields, version)
SELECT organisation_id, 'gatehouse.invitation.v1.Policy',
  pg_temp.bytes(1, CASE WHEN link_ttl_seconds = 0 THEN ''
                        WHEN link_ttl_seconds > 0 THEN pg_temp.number(1, link_ttl_seconds) END)
    || pg_temp.number(2, single_use_links::int) || pg_temp.number(3, max_invitations)
    || pg_temp.texts(4, eligible_roles) || pg_temp.texts(5, required_labels)
    || pg_temp.number(6, require_privacy_disclosure::int)
    || pg_temp.bytes(7, convert_to(privacy_disclosure_url, 'UTF8'))
    || pg_temp.number(8, visibility)
    || pg_temp.bytes(9, nullif(pg_temp.bytes(1, convert_to(email_subject, 'UTF8'))
                               || pg_temp.bytes(2, convert_to(email_body, 'UTF8')), ''))
    || pg_temp.number(10, send_code_with_invitation::int)
    || pg_temp.number(11, email_code_to_owner::int),
  concat_ws(',',
    CASE WHEN link_ttl_seconds IS NOT NULL THEN 'link_ttl' END,
    CASE WHEN single_use_links IS NOT NULL THEN 'single_use_links' END,
    CASE WHEN max_invitations IS NOT NULL THEN 'max_invitations_per_case' END,
    CASE WHEN eligible_roles IS NOT NULL THEN 'eligible_roles' END,
    CASE WHEN required_labels IS NOT NULL THEN 'required_labels' END,
    CASE WHEN require_privacy_disclosure IS NOT NULL THEN 'require_privacy_disclosure' END,
    CASE WHEN privacy_disclosure_url IS NOT NULL THEN 'privacy_disclosure_url' END,
    CASE WHEN visibility IS NOT NULL THEN 'visibility' END,
    CASE WHEN email_subject IS NOT NULL THEN 'email.subject' END,
    CASE WHEN email_body IS NOT NULL THEN 'email.body' END,
    CASE WHEN send_code_with_invitation IS NOT NULL THEN 'send_code_with_invitation' END,
    CASE WHEN email_code_to_owner IS NOT NULL THEN 'email_code_to_owner' END),
  1
FROM policy;
