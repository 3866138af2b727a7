-- The words of the cases that there are, in a transaction of their own: that of the table, whose
-- foreign key locks case_file, would let nobody write a case while a million are read. Whoever
-- deletes one of these waits; what was deleted in this moment is passed over.
SELECT set_config('gatehouse.organisation_id', '*', true);

WITH held AS MATERIALIZED (
  SELECT organisation_id, case_id, display_name FROM case_file FOR KEY SHARE),
said AS (
  SELECT organisation_id, case_id, search_words(case_id || ' ' || display_name) AS word FROM held
  UNION
  SELECT organisation_id, case_id, search_words(concat_ws(' ', given_name, family_name, email))
  FROM contact JOIN held USING (organisation_id, case_id)
  UNION
  SELECT organisation_id, case_id, search_number(coalesce(nullif(e164, ''), mobile))
  FROM contact JOIN held USING (organisation_id, case_id) WHERE mobile <> '')
INSERT INTO case_word (organisation_id, case_id, word)
SELECT organisation_id, case_id, word FROM said
ON CONFLICT (organisation_id, case_id, word) DO NOTHING;
