#include "services/cases/store/postgres_store.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/common/base/random.h"

namespace gatehouse::cases {
namespace {

absl::Status NotFound() {
  return Refuse(absl::StatusCode::kNotFound, "NOT_FOUND", "there is no such case");
}

// Replaces nothing where an etag was given and is not the current one.
constexpr char kPut[] = R"sql(
  INSERT INTO case_file AS old (organisation_id, case_id, display_name, kind, owner_id, owner_name,
                                owner_email, owner_phone, owner_e164)
  SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
  WHERE $10 = '' OR EXISTS (SELECT FROM case_file WHERE organisation_id = $1 AND case_id = $2)
  ON CONFLICT (organisation_id, case_id) DO UPDATE SET
    display_name = $3, kind = $4, owner_id = $5, owner_name = $6, owner_email = $7,
    owner_phone = $8, owner_e164 = $9, version = old.version + 1, update_time = clock_timestamp()
  WHERE $10 IN ('', old.version::text)
  RETURNING version)sql";

constexpr char kPutContact[] = R"sql(
  INSERT INTO contact (organisation_id, case_id, contact_id, position, type, given_name,
                       family_name, email, mobile, e164, role)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11))sql";

// A row for each contact, or one without a contact; the caller adds which cases, and the order.
// An invitation whose time ran out unused makes its contact one that is not invited.
#define CASES_WITH_CONTACTS(chosen)                                                           \
  "SELECT f.case_id, f.display_name, f.kind, f.owner_id, f.owner_name, f.owner_email, "       \
  "f.owner_phone, f.owner_e164, f.version, f.create_time, f.update_time, c.contact_id, "      \
  "c.type, c.given_name, c.family_name, c.email, c.mobile, c.e164, c.role, "                  \
  "CASE WHEN p.expire_time > now() THEN p.portal ELSE 1 END FROM (" chosen                    \
  ") AS f LEFT JOIN contact AS c USING (organisation_id, case_id) LEFT JOIN contact_portal "  \
  "AS p ON p.organisation_id = f.organisation_id AND p.case_id = f.case_id AND p.contact_id " \
  "= c.contact_id "

constexpr char kGet[] = CASES_WITH_CONTACTS(
    "SELECT * FROM case_file WHERE organisation_id = $1 AND case_id = $2") "ORDER BY c.position";

constexpr char kGetAll[] =
    CASES_WITH_CONTACTS("SELECT * FROM case_file WHERE organisation_id = $1 "
                        "AND case_id = ANY (string_to_array($2, ',')) LIMIT 1000")
        "ORDER BY f.display_name, f.case_id, c.position";

constexpr char kList[] = CASES_WITH_CONTACTS(
    "SELECT * FROM case_file WHERE organisation_id = $1 "
    "AND ($2 = '' OR (update_time, case_id) < (to_timestamp($2::numeric / 1000000), $3)) "
    "ORDER BY update_time DESC, case_id DESC LIMIT $4") "ORDER BY f.update_time DESC, "
                                                         "f.case_id DESC, c.position";

Case CaseFrom(const pqxx::row& row) {
  Case mirrored;
  mirrored.case_id = row[0].c_str();
  mirrored.display_name = row[1].c_str();
  mirrored.kind = row[2].c_str();
  mirrored.owner = {row[3].c_str(), row[4].c_str(), row[5].c_str(), row[6].c_str(), row[7].c_str()};
  mirrored.etag = row[8].c_str();
  mirrored.create_time = TimeFromSql(row[9]);
  mirrored.update_time = TimeFromSql(row[10]);
  return mirrored;
}

Contact ContactFrom(const pqxx::row& row) {
  return {.contact_id = row[11].c_str(),
          .type = static_cast<ContactType>(row[12].as<int>()),
          .given_name = row[13].c_str(),
          .family_name = row[14].c_str(),
          .email = row[15].c_str(),
          .mobile = row[16].c_str(),
          .e164 = row[17].c_str(),
          .role = row[18].c_str(),
          .portal = static_cast<Portal>(row[19].as<int>())};
}

std::vector<Case> CasesFrom(const pqxx::result& rows) {
  std::vector<Case> cases;
  for (const pqxx::row& row : rows) {
    if (cases.empty() || cases.back().case_id != row[0].c_str()) cases.push_back(CaseFrom(row));
    if (!row[11].is_null()) cases.back().contacts.push_back(ContactFrom(row));
  }
  return cases;
}

Note NoteFrom(const pqxx::row& row) {
  return {row[0].c_str(), row[1].c_str(), row[2].c_str(), TimeFromSql(row[3])};
}

}  // namespace

absl::StatusOr<Case> PostgresStore::Put(const std::string& organisation_id, const Case& mirrored) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Case> {
    const Owner& owner = mirrored.owner;
    const auto put =
        tx.Exec(kPut, organisation_id, mirrored.case_id, mirrored.display_name, mirrored.kind,
                owner.id, owner.display_name, owner.email, owner.phone, owner.e164, mirrored.etag);
    if (put.empty()) {
      return Refuse(absl::StatusCode::kAborted, "ETAG_MISMATCH",
                    "the case has changed since it was read: read it again");
    }
    tx.Exec("DELETE FROM contact WHERE organisation_id = $1 AND case_id = $2", organisation_id,
            mirrored.case_id);
    int position = 0;
    for (const Contact& contact : mirrored.contacts) {
      tx.Exec(kPutContact, organisation_id, mirrored.case_id, contact.contact_id, position++,
              static_cast<int>(contact.type), contact.given_name, contact.family_name,
              contact.email, contact.mobile, contact.e164, contact.role);
    }
    return CasesFrom(tx.Exec(kGet, organisation_id, mirrored.case_id)).at(0);
  });
}

absl::StatusOr<Case> PostgresStore::Get(const std::string& organisation_id,
                                        const std::string& case_id) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Case> {
    std::vector<Case> cases = CasesFrom(tx.Exec(kGet, organisation_id, case_id));
    if (cases.empty()) return NotFound();
    return std::move(cases.front());
  });
}

absl::StatusOr<std::vector<Case>> PostgresStore::GetAll(const std::string& organisation_id,
                                                        const std::vector<std::string>& case_ids) {
  using Result = absl::StatusOr<std::vector<Case>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    return CasesFrom(tx.Exec(kGetAll, organisation_id, absl::StrJoin(case_ids, ",")));
  });
}

std::string PostgresStore::KeyOf(const Case& mirrored) {
  return absl::StrCat(absl::ToUnixMicros(mirrored.update_time), "|", mirrored.case_id);
}

absl::StatusOr<std::vector<Case>> PostgresStore::List(const std::string& organisation_id,
                                                      const Page& page) {
  using Result = absl::StatusOr<std::vector<Case>>;
  const std::pair<std::string, std::string> key =
      absl::StrSplit(page.after, absl::MaxSplits('|', 1));
  int64_t micros = 0;
  if (!key.first.empty() && !absl::SimpleAtoi(key.first, &micros)) {
    return Refuse(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_INVALID",
                  "the page token is not one that this list gave");
  }
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    return CasesFrom(tx.Exec(kList, organisation_id, key.first, key.second, page.limit()));
  });
}

absl::StatusOr<Note> PostgresStore::AddNote(const std::string& organisation_id,
                                            const std::string& case_id,
                                            const std::string& request_id, const std::string& text,
                                            const std::string& author) {
  return postgres_.WriteOne(
      Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Note> {
        const auto added = tx.Exec(
            "INSERT INTO note (organisation_id, case_id, note_id, text, author, request_id) "
            "SELECT organisation_id, case_id, $3, $4, $5, nullif($6, '') FROM case_file "
            "WHERE organisation_id = $1 AND case_id = $2 "
            "ON CONFLICT (organisation_id, request_id) DO NOTHING "
            "RETURNING note_id, text, author, create_time",
            organisation_id, case_id, NewId("note"), text, author, request_id);
        if (!added.empty()) return NoteFrom(added[0]);
        const auto first = tx.Exec(
            "SELECT note_id, text, author, create_time FROM note "
            "WHERE organisation_id = $1 AND request_id = $2 AND case_id = $3",
            organisation_id, request_id, case_id);
        if (first.empty()) return NotFound();
        return NoteFrom(first[0]);
      });
}

absl::StatusOr<std::vector<Note>> PostgresStore::ListNotes(const std::string& organisation_id,
                                                           const std::string& case_id,
                                                           const Page& page) {
  using Result = absl::StatusOr<std::vector<Note>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    // A row without a note says that the case exists.
    const auto rows = tx.Exec(
        "SELECT n.note_id, n.text, n.author, n.create_time FROM case_file LEFT JOIN LATERAL ("
        "  SELECT * FROM note WHERE organisation_id = $1 AND case_id = $2 "
        "  AND ($3 = '' OR note_id < $3) ORDER BY note_id DESC LIMIT $4) AS n ON true "
        "WHERE case_file.organisation_id = $1 AND case_file.case_id = $2",
        organisation_id, case_id, page.after, page.limit());
    if (rows.empty()) return NotFound();
    std::vector<Note> notes;
    for (const pqxx::row& row : rows) {
      if (!row[0].is_null()) notes.push_back(NoteFrom(row));
    }
    return notes;
  });
}

absl::Status PostgresStore::SetPortal(const std::string& organisation_id,
                                      const std::string& case_id, const std::string& contact_id,
                                      Portal portal, absl::Time expire_time, int64_t version) {
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(
        "INSERT INTO contact_portal AS old (organisation_id, case_id, contact_id, portal, version, "
        "expire_time) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (organisation_id, case_id, contact_id) "
        "DO UPDATE SET portal = $4, version = $5, expire_time = $6 WHERE old.version < $5",
        organisation_id, case_id, contact_id, static_cast<int>(portal), version,
        ToSql(expire_time));
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::cases
