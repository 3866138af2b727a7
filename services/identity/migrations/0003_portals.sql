SELECT set_config('gatehouse.organisation_id', '*', true);

-- An organisation has several portals (its own, a staging one, a developer's, those of its
-- offices); the first is the default. Origins are those of portal_urls, as browsers send them.
ALTER TABLE organisation
  ADD COLUMN portal_urls text[] NOT NULL DEFAULT '{}',
  ADD COLUMN origins text[] NOT NULL DEFAULT '{}';

-- What was taken before URLs were normalised when they are set.
UPDATE organisation SET portal_url =
  regexp_replace(regexp_replace(lower(origin), '^(https://.*):443$', '\1'),
                 '^(http://.*):80$', '\1') || rtrim(substr(portal_url, length(origin) + 1), '/');
UPDATE organisation SET origin = substring(portal_url FROM '^[^/]*//[^/]*');
UPDATE organisation SET portal_urls = ARRAY[portal_url], origins = ARRAY[origin];
CREATE INDEX organisation_origins ON organisation USING gin (origins);
-- portal_url and origin stay, and are written, so that a process of before can go on while it is
-- replaced.
