#include "services/cases/search/store/search_store.h"

#include <map>

#include "services/cases/store/rows.h"
#include "services/common/postgres/arrays.h"

namespace gatehouse::cases {
namespace {

constexpr char kWords[] =
    "SELECT word FROM search_words($1) AS word ORDER BY length(word) DESC, word";

// The first word's range is read in its order until there are enough. Whoever is found by two words
// of it counts by the sooner one.
constexpr char kFind[] = R"sql(
  SELECT case_id FROM (
    SELECT case_id, word FROM case_word WHERE organisation_id = $1 AND word >= $2 AND word < $3
    ORDER BY word, case_id LIMIT $6) AS looked
  WHERE NOT EXISTS (
    SELECT FROM case_word AS sooner
    WHERE sooner.organisation_id = $1 AND sooner.case_id = looked.case_id
    AND sooner.word >= $2 AND sooner.word < looked.word)
  AND NOT EXISTS (
    SELECT FROM unnest($4::text[]) AS asked WHERE NOT EXISTS (
      SELECT FROM case_word AS other
      WHERE other.organisation_id = $1 AND other.case_id = looked.case_id
      AND other.word >= asked AND other.word < asked || chr(1114111)))
  ORDER BY word, case_id LIMIT $5)sql";

constexpr char kInRange[] = R"sql(
  SELECT count(*) AS count FROM (
    SELECT FROM case_word WHERE organisation_id = $1 AND word >= $2 AND word < $3 LIMIT $4)
    AS looked)sql";

constexpr char kPast[] = "\U0010FFFF";  // Above whatever a word goes on with.
constexpr int kLookedAt = 5000;

}  // namespace

absl::StatusOr<std::vector<std::string>> SearchStore::WordsOf(const std::string& text) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  return postgres_.Read(Rows::OfAll(), [&](Transaction& tx) -> Result {
    std::vector<std::string> words;
    for (const pqxx::row& row : tx.Exec(kWords, text)) words.emplace_back(row["word"].c_str());
    return words;
  });
}

absl::StatusOr<SearchStore::Found> SearchStore::Find(const std::string& organisation_id,
                                                     const std::vector<std::string>& words,
                                                     int limit) {
  using Result = absl::StatusOr<Found>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const std::string past = words.front() + kPast;
    const std::vector<std::string> others(words.begin() + 1, words.end());
    std::vector<std::string> case_ids;
    for (const pqxx::row& row : tx.Exec(kFind, organisation_id, words.front(), past,
                                        SqlArray(others), limit + 1, kLookedAt)) {
      case_ids.emplace_back(row["case_id"].c_str());
    }
    Found found;
    found.more = case_ids.size() > static_cast<size_t>(limit);
    if (found.more) {
      case_ids.resize(limit);
    } else {
      const auto range = tx.Exec(kInRange, organisation_id, words.front(), past, kLookedAt + 1);
      found.more = range[0]["count"].as<int>() > kLookedAt;
    }
    std::map<std::string, Case> cases = FindCases(tx, organisation_id, case_ids);
    for (const std::string& case_id : case_ids) {
      const auto one = cases.find(case_id);
      if (one != cases.end()) found.cases.push_back(std::move(one->second));
    }
    return found;
  });
}

}  // namespace gatehouse::cases
