-- Whose portal a page is, by `=`: row-level security lets no index be read by `@>`, so whoever made
-- addresses up had every organisation looked at. A trigger keeps it, since a process of before
-- writes portal_urls alone.
SELECT set_config('gatehouse.organisation_id', '*', true);

CREATE TABLE organisation_portal (
  organisation_id text NOT NULL REFERENCES organisation ON DELETE CASCADE,
  url text NOT NULL,
  PRIMARY KEY (organisation_id, url)
);
CREATE INDEX organisation_portal_url ON organisation_portal (url, organisation_id);
ALTER TABLE organisation_portal ENABLE ROW LEVEL SECURITY;
ALTER TABLE organisation_portal FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON organisation_portal USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));

CREATE FUNCTION keep_portals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM organisation_portal
  WHERE organisation_id = NEW.organisation_id AND url <> ALL (NEW.portal_urls);
  INSERT INTO organisation_portal (organisation_id, url)
  SELECT NEW.organisation_id, unnest(NEW.portal_urls) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_portals AFTER INSERT OR UPDATE OF portal_urls ON organisation
  FOR EACH ROW EXECUTE FUNCTION keep_portals();

INSERT INTO organisation_portal (organisation_id, url)
SELECT organisation_id, unnest(portal_urls) FROM organisation ON CONFLICT DO NOTHING;
DROP INDEX organisation_portal_urls;
