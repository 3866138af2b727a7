#include "services/cases/store/postgres_store.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/cases/effects.h"
#include "services/common/base/random.h"
#include "services/common/text/json_text.h"

namespace gatehouse::cases {
namespace {

// Whoever takes a contact out of a case may rely on the answer: its session has ended then. But a
// CRM is not kept from putting its cases while invitation is away.
constexpr absl::Duration kPatience = absl::Seconds(1);

absl::Status NotFound() { return Refuse(common::v1::NOT_FOUND, "there is no such case"); }

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

constexpr char kPutContacts[] = R"sql(
  INSERT INTO contact (organisation_id, case_id, contact_id, position, type, given_name,
                       family_name, email, mobile, e164, role)
  SELECT $1, $2, c.contact_id, c.position, c.type, c.given_name, c.family_name, c.email, c.mobile,
         c.e164, c.role
  FROM jsonb_to_recordset($3::jsonb) AS c (contact_id text, position integer, type integer,
    given_name text, family_name text, email text, mobile text, e164 text, role text))sql";

constexpr const char* kDelete[] = {
    "DELETE FROM note WHERE organisation_id = $1 AND case_id = $2",
    "DELETE FROM contact WHERE organisation_id = $1 AND case_id = $2",
    "DELETE FROM case_file WHERE organisation_id = $1 AND case_id = $2",
    R"sql(INSERT INTO deleted_case VALUES ($1, $2) ON CONFLICT (organisation_id, case_id)
          DO UPDATE SET delete_time = clock_timestamp())sql"};

// With its note in one statement: each costs a commit that waits for the disk.
constexpr char kSetPortal[] = R"sql(
  WITH noted AS (
    INSERT INTO note (organisation_id, case_id, note_id, text, author, request_id)
    SELECT organisation_id, case_id, $7, $8, $9, nullif($10, '') FROM case_file
    WHERE organisation_id = $1 AND case_id = $2 AND $8 <> '' FOR KEY SHARE
    ON CONFLICT (organisation_id, request_id) DO NOTHING)
  INSERT INTO contact_portal AS old (organisation_id, case_id, contact_id, portal, version,
                                     expire_time)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (organisation_id, case_id, contact_id)
  DO UPDATE SET portal = $4, version = $5, expire_time = $6 WHERE old.version < $5)sql";

// A row for each contact, or one without a contact; the caller adds which cases, and the order.
// An invitation whose time ran out unused makes its contact one that is not invited.
#define CASES_WITH_CONTACTS(chosen)                                                           \
  "SELECT f.case_id, f.display_name, f.kind, f.owner_id, f.owner_name, f.owner_email, "       \
  "f.owner_phone, f.owner_e164, f.version, f.create_time, f.update_time, c.contact_id, "      \
  "c.type, c.given_name, c.family_name, c.email, c.mobile, c.e164, c.role, "                  \
  "CASE WHEN p.expire_time > now() THEN p.portal ELSE 1 END AS portal FROM (" chosen          \
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

constexpr int64_t kMicrosMax = 253402300800 * 1000000;  // The end of the year 9999.

Case CaseFrom(const pqxx::row& row) {
  Case mirrored;
  mirrored.case_id = row["case_id"].c_str();
  mirrored.display_name = row["display_name"].c_str();
  mirrored.kind = row["kind"].c_str();
  mirrored.owner = {.id = row["owner_id"].c_str(),
                    .display_name = row["owner_name"].c_str(),
                    .email = row["owner_email"].c_str(),
                    .phone = row["owner_phone"].c_str(),
                    .e164 = row["owner_e164"].c_str()};
  mirrored.etag = row["version"].c_str();
  mirrored.create_time = TimeFromSql(row["create_time"]);
  mirrored.update_time = TimeFromSql(row["update_time"]);
  return mirrored;
}

Contact ContactFrom(const pqxx::row& row) {
  return {.contact_id = row["contact_id"].c_str(),
          .type = static_cast<ContactType>(row["type"].as<int>()),
          .given_name = row["given_name"].c_str(),
          .family_name = row["family_name"].c_str(),
          .email = row["email"].c_str(),
          .mobile = row["mobile"].c_str(),
          .e164 = row["e164"].c_str(),
          .role = row["role"].c_str(),
          .portal = static_cast<Portal>(row["portal"].as<int>())};
}

std::vector<Case> CasesFrom(const pqxx::result& rows) {
  std::vector<Case> cases;
  for (const pqxx::row& row : rows) {
    const bool next = cases.empty() || cases.back().case_id != row["case_id"].c_str();
    if (next) cases.push_back(CaseFrom(row));
    if (!row["contact_id"].is_null()) cases.back().contacts.push_back(ContactFrom(row));
  }
  return cases;
}

std::optional<Case> Find(Transaction& tx, const std::string& organisation_id,
                         const std::string& case_id) {
  std::vector<Case> cases = CasesFrom(tx.Exec(kGet, organisation_id, case_id));
  if (cases.empty()) return std::nullopt;
  return std::move(cases.front());
}

// What jsonb_to_recordset reads: hundreds of contacts are one statement.
std::string ToJson(const std::vector<Contact>& contacts) {
  std::string json = "[";
  for (const Contact& contact : contacts) {
    if (json.size() > 1) json += ',';
    absl::StrAppend(&json, "{\"position\":", &contact - contacts.data(),
                    ",\"type\":", static_cast<int>(contact.type));
    const auto add = [&](const char* name, const std::string& value) {
      absl::StrAppend(&json, ",\"", name, "\":");
      AppendJsonString(value, json);
    };
    add("contact_id", contact.contact_id);
    add("given_name", contact.given_name);
    add("family_name", contact.family_name);
    add("email", contact.email);
    add("mobile", contact.mobile);
    add("e164", contact.e164);
    add("role", contact.role);
    json += '}';
  }
  return json + "]";
}

Note NoteFrom(const pqxx::row& row) {
  return {.note_id = row["note_id"].c_str(),
          .text = row["text"].c_str(),
          .author = row["author"].c_str(),
          .create_time = TimeFromSql(row["create_time"])};
}

absl::Status WasDeleted(Transaction& tx, const std::string& organisation_id,
                        const std::string& case_id) {
  const auto was = tx.Exec("SELECT FROM deleted_case WHERE organisation_id = $1 AND case_id = $2",
                           organisation_id, case_id);
  return was.empty() ? NotFound() : absl::OkStatus();
}

// Orders what is said of a case: false where it is not there.
bool Lock(Transaction& tx, const std::string& organisation_id, const std::string& case_id) {
  return !tx.Exec(
                "SELECT FROM case_file WHERE organisation_id = $1 AND case_id = $2 FOR NO KEY "
                "UPDATE",
                organisation_id, case_id)
              .empty();
}

}  // namespace

std::string KeyOf(const Case& mirrored) {
  return absl::StrCat(absl::ToUnixMicros(mirrored.update_time), "|", mirrored.case_id);
}

absl::StatusOr<Case> PostgresStore::Put(const std::string& organisation_id, const Case& mirrored,
                                        const std::string& author) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Case> {
    const Owner& owner = mirrored.owner;
    const auto kept =
        tx.Exec(kPut, organisation_id, mirrored.case_id, mirrored.display_name, mirrored.kind,
                owner.id, owner.display_name, owner.email, owner.phone, owner.e164, mirrored.etag);
    if (kept.empty()) {
      return Refuse(common::v1::ETAG_MISMATCH,
                    "the case has changed since it was read: read it again");
    }
    const std::vector<Contact> before = Find(tx, organisation_id, mirrored.case_id)->contacts;
    tx.Exec("DELETE FROM contact WHERE organisation_id = $1 AND case_id = $2", organisation_id,
            mirrored.case_id);
    tx.Exec(kPutContacts, organisation_id, mirrored.case_id, ToJson(mirrored.contacts));
    Case now = *Find(tx, organisation_id, mirrored.case_id);
    if (ConcernsInvitations(before, now.contacts)) {
      OutboxCalls calls(organisation_id);
      AddFollow(mirrored.case_id, now, author, calls);
      outbox_.Add(tx, std::move(calls), kPatience);
    }
    return now;
  });
}

absl::Status PostgresStore::Delete(const std::string& organisation_id, const std::string& case_id,
                                   const std::string& author) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    // FOR UPDATE: nobody adds a note to it any more.
    const auto found =
        tx.Exec("SELECT FROM case_file WHERE organisation_id = $1 AND case_id = $2 FOR UPDATE",
                organisation_id, case_id);
    if (found.empty()) return WasDeleted(tx, organisation_id, case_id);
    for (const char* sql : kDelete) tx.Exec(sql, organisation_id, case_id);
    OutboxCalls calls(organisation_id);
    AddFollow(case_id, std::nullopt, author, calls);
    AddDeleted(case_id, calls);
    outbox_.Add(tx, std::move(calls), kPatience);
    return absl::OkStatus();
  });
}

absl::StatusOr<Case> PostgresStore::Get(const std::string& organisation_id,
                                        const std::string& case_id) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Case> {
    std::optional<Case> found = Find(tx, organisation_id, case_id);
    if (!found.has_value()) return NotFound();
    return *std::move(found);
  });
}

absl::StatusOr<std::vector<Case>> PostgresStore::GetAll(const std::string& organisation_id,
                                                        const std::vector<std::string>& case_ids) {
  using Result = absl::StatusOr<std::vector<Case>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    return CasesFrom(tx.Exec(kGetAll, organisation_id, absl::StrJoin(case_ids, ",")));
  });
}

absl::StatusOr<std::vector<Case>> PostgresStore::List(const std::string& organisation_id,
                                                      const Page& page) {
  using Result = absl::StatusOr<std::vector<Case>>;
  const std::pair<std::string, std::string> key =
      absl::StrSplit(page.after, absl::MaxSplits('|', 1));
  int64_t micros = 0;
  const bool read = absl::SimpleAtoi(key.first, &micros) && micros >= 0 && micros < kMicrosMax;
  if (!page.after.empty() && !read) {
    return Refuse(common::v1::PAGE_TOKEN_INVALID, "the page token is not one that this list gave");
  }
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    return CasesFrom(tx.Exec(kList, organisation_id, key.first, key.second, page.limit()));
  });
}

absl::StatusOr<Note> PostgresStore::AddNote(const std::string& organisation_id,
                                            const std::string& case_id, const Note& note,
                                            const std::string& delivery_id) {
  return postgres_.WriteOne(
      Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Note> {
        const auto added = tx.Exec(
            "INSERT INTO note (organisation_id, case_id, note_id, text, author, request_id) "
            "SELECT organisation_id, case_id, $3, $4, $5, nullif($6, '') FROM case_file "
            "WHERE organisation_id = $1 AND case_id = $2 FOR KEY SHARE "
            "ON CONFLICT (organisation_id, request_id) DO NOTHING "
            "RETURNING note_id, text, author, create_time",
            organisation_id, case_id, NewId("note"), note.text, note.author, delivery_id);
        if (added.empty()) return NotFound();
        return NoteFrom(added[0]);
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
      if (!row["note_id"].is_null()) notes.push_back(NoteFrom(row));
    }
    return notes;
  });
}

absl::Status PostgresStore::SetPortal(const std::string& organisation_id,
                                      const PortalChange& change) {
  const auto set = [&](Transaction& tx) -> absl::Status {
    tx.Exec(kSetPortal, organisation_id, change.case_id, change.contact_id,
            static_cast<int>(change.portal), change.version, ToSql(change.expire_time),
            NewId("note"), change.note.text, change.note.author, change.delivery_id);
    return absl::OkStatus();
  };
  if (change.etag.empty()) return postgres_.WriteOne(Rows::Of(organisation_id), set);
  // The contact may have left, or been corrected, while its invitation was made.
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    std::optional<Case> now;
    if (Lock(tx, organisation_id, change.case_id)) now = Find(tx, organisation_id, change.case_id);
    RETURN_IF_ERROR(set(tx));
    if (now.has_value() && now->etag == change.etag) return absl::OkStatus();
    OutboxCalls calls(organisation_id);
    AddFollow(change.case_id, now, "", calls);
    outbox_.Add(tx, std::move(calls));
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::cases
