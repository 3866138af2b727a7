#include "services/cases/search/store/case_words.h"

#include "services/common/postgres/arrays.h"

namespace gatehouse::cases {
namespace {

// What is the same stays as it is: a case that is put again costs a look. More than 2,000 words of
// one case are nobody's contacts.
constexpr char kIndex[] = R"sql(
  WITH said AS (
    SELECT case_id, search_words(case_id || ' ' || display_name) AS word FROM case_file
    WHERE organisation_id = $1 AND case_id = ANY ($2::text[])
    UNION
    SELECT case_id, search_words(concat_ws(' ', given_name, family_name, email)) FROM contact
    WHERE organisation_id = $1 AND case_id = ANY ($2::text[])
    UNION
    SELECT case_id, search_number(coalesce(nullif(e164, ''), mobile)) FROM contact
    WHERE organisation_id = $1 AND case_id = ANY ($2::text[]) AND mobile <> ''),
  now AS MATERIALIZED (
    SELECT case_id, word COLLATE "C" AS word FROM (
      SELECT case_id, word, row_number() OVER (PARTITION BY case_id) AS place FROM said) AS placed
    WHERE place <= 2000),
  gone AS (
    DELETE FROM case_word AS old
    WHERE organisation_id = $1 AND case_id = ANY ($2::text[]) AND NOT EXISTS (
      SELECT FROM now WHERE now.case_id = old.case_id AND now.word = old.word))
  INSERT INTO case_word (organisation_id, case_id, word) SELECT $1, case_id, word FROM now
  ON CONFLICT (organisation_id, case_id, word) DO NOTHING)sql";

}  // namespace

void IndexWords(Transaction& tx, const std::string& organisation_id,
                const std::vector<std::string>& case_ids) {
  if (!case_ids.empty()) tx.Exec(kIndex, organisation_id, SqlArray(case_ids));
}

}  // namespace gatehouse::cases
