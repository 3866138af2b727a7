#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/cases/domain/case.h"
#include "services/common/postgres/postgres.h"

// How rows become what the domain knows: the columns of each table, by name, in this one place.
namespace gatehouse::cases {

// A query for cases with their contacts: a row for each contact, or one without a contact.
// `chosen` selects the rows of case_file, `seen` is a condition on contacts (table `c`) that says
// which of them are shown, and `order` puts the cases, as `f`, in their order. An invitation whose
// time ran out unused makes its contact one that is not invited.
std::string CasesQuery(const std::string& chosen, const std::string& seen,
                       const std::string& order);

// Those of them that are there, by their ids, with all contacts.
std::map<std::string, Case> FindCases(Transaction& tx, const std::string& organisation_id,
                                      const std::vector<std::string>& case_ids);

// From the rows of such a query.
std::vector<Case> CasesFrom(const pqxx::result& rows);

// The columns of a note.
inline constexpr char kNoteColumns[] = "note_id, text, author, create_time";
Note NoteFrom(const pqxx::row& row);

// What jsonb_to_recordset reads: hundreds of contacts are one statement.
std::string ToJson(const std::vector<Contact>& contacts);

}  // namespace gatehouse::cases
