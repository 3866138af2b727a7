SELECT set_config('gatehouse.organisation_id', '*', true);

-- The trail as a chain: a row's number, one more than the row before, and the SHA-256 of its line
-- (services/identity/audit/audit_line.h), which names that of the row before. Without a number it
-- waits: whoever writes a row waits for no other.
ALTER TABLE audit_event
  ADD COLUMN number bigint,
  ADD COLUMN hash text,
  ADD CONSTRAINT audit_event_hashed CHECK ((number IS NULL) = (hash IS NULL));
CREATE INDEX audit_event_waiting ON audit_event (organisation_id, time, audit_event_id)
  WHERE number IS NULL;
CREATE UNIQUE INDEX audit_event_number ON audit_event (organisation_id, number)
  WHERE number IS NOT NULL;
-- Retention goes by the number.
DROP INDEX audit_event_age;

-- Where an organisation's chain ends (`number`), and the last row that was past its retention, from
-- which on it is still to be verified; 0: none.
CREATE TABLE audit_chain (
  organisation_id text PRIMARY KEY,
  number bigint NOT NULL DEFAULT 0,
  hash text NOT NULL DEFAULT repeat('0', 64),
  anchor_number bigint NOT NULL DEFAULT 0,
  anchor_hash text NOT NULL DEFAULT repeat('0', 64)
);
ALTER TABLE audit_chain ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_chain FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON audit_chain USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));

-- A row is written once, and is given its place in the chain once. It is deleted by forget_audit()
-- alone: by the owner of the table, whom no service signs in as.
CREATE FUNCTION keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.number IS NULL AND NEW.number IS NOT NULL THEN
    OLD.number := NEW.number;
    OLD.hash := NEW.hash;
    IF OLD IS NOT DISTINCT FROM NEW THEN RETURN NEW; END IF;
  ELSIF TG_OP = 'DELETE' AND current_setting('gatehouse.forgets_audit', true) = 'yes'
      AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_event_kept BEFORE UPDATE OR DELETE ON audit_event
  FOR EACH ROW EXECUTE FUNCTION keep_audit();

-- Deletes an organisation's oldest rows, `most` at most, up to the first one that is younger than
-- `before`; a day is kept whatever that says. Remembers the last one's hash, by which the rest is
-- still verified. Answers how many.
CREATE FUNCTION forget_audit(organisation text, before timestamptz, most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  chain audit_chain;
  last bigint;
  gone int;
BEGIN
  SELECT * INTO chain FROM audit_chain WHERE organisation_id = organisation FOR UPDATE;
  SELECT coalesce(min(oldest.number) FILTER (
             WHERE oldest.time >= least(before, clock_timestamp() - interval '1 day')) - 1,
           max(oldest.number))
    INTO last
    FROM (SELECT e.number, e.time FROM audit_event AS e
          WHERE e.organisation_id = organisation AND e.number > chain.anchor_number
          ORDER BY e.number LIMIT most) AS oldest;
  IF last IS NULL OR last <= chain.anchor_number THEN RETURN 0; END IF;
  UPDATE audit_chain SET anchor_number = last, anchor_hash = (
      SELECT e.hash FROM audit_event AS e
      WHERE e.organisation_id = organisation AND e.number = last)
    WHERE organisation_id = organisation;
  PERFORM set_config('gatehouse.forgets_audit', 'yes', true);
  DELETE FROM audit_event AS e WHERE e.organisation_id = organisation
    AND e.number > chain.anchor_number AND e.number <= last;
  GET DIAGNOSTICS gone = ROW_COUNT;
  PERFORM set_config('gatehouse.forgets_audit', '', true);
  RETURN gone;
END $$;
