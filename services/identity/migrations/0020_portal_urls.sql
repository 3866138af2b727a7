-- Whose portal a page is, before anybody has signed in.
CREATE INDEX organisation_portal_urls ON organisation USING gin (portal_urls);
