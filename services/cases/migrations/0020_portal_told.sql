-- Whose portal and terms identity and invitation have been told of, where a version of before set
-- them and told nobody.
CREATE TABLE portal_told (
  organisation_id text NOT NULL PRIMARY KEY
);
ALTER TABLE portal_told ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal_told FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON portal_told USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
