-- What a text is found by: its words, folded (NFKC, small letters of every script; the collation is
-- named, since a database's own may know ASCII alone). A sign of punctuation parts words, so an
-- address of e-mail is three or more.
CREATE FUNCTION search_words(said text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
  SELECT DISTINCT left(word, 60)
  FROM regexp_split_to_table(lower(normalize(said, NFKC) COLLATE "und-x-icu"),
                             '[[:space:][:punct:]$+<=>^`|~]+') AS word
  WHERE word <> ''
$$;

-- What a phone number is found by: its digits from the last one on, since people know a number with
-- its country's code or without it, and often only how it ends. Leading zeros do not count.
CREATE FUNCTION search_number(said text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT '~' || reverse(ltrim(regexp_replace(said, '[^0-9]', '', 'g'), '0'))
$$;

-- By which words a case is found: those of its id, its name and its contacts. In the order of
-- bytes, where a word's beginnings are a range: row-level security lets an index be read by `<` and
-- `=` alone (services/cases/search/store/case_words.h).
CREATE TABLE case_word (
  organisation_id text NOT NULL,
  case_id text NOT NULL,
  word text NOT NULL COLLATE "C",
  PRIMARY KEY (organisation_id, case_id, word),
  FOREIGN KEY (organisation_id, case_id) REFERENCES case_file ON DELETE CASCADE
);
CREATE INDEX case_word_found ON case_word (organisation_id, word, case_id);
ALTER TABLE case_word ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_word FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON case_word USING (
  current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));
