#include "services/cases/store/postgres_store.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/cases/effects.h"
#include "services/cases/search/store/case_words.h"
#include "services/cases/store/rows.h"
#include "services/common/base/random.h"
#include "services/common/postgres/arrays.h"

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
    owner_phone = $8, owner_e164 = $9, version = old.version + 1, update_time = clock_timestamp(),
    put_time = clock_timestamp()
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
          DO UPDATE SET delete_time = clock_timestamp() RETURNING delete_time)sql"};

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

// The same of several. Rows are locked in one order, whoever else does the same; each case by its
// own key; and of what is said twice of a contact the later counts. `(SELECT $2)`: as in kVisible.
constexpr char kSetPortals[] = R"sql(
  WITH change AS (
    SELECT * FROM unnest((SELECT $2::text[]), $3::text[], $4::bigint[], $5::bigint[],
                         $6::timestamptz[], $7::text[], $8::text[], $9::text[], $10::text[])
      AS change (case_id, contact_id, portal, version, expire_time, note_id, text, author,
                 request_id)),
  noted AS (
    INSERT INTO note (organisation_id, case_id, note_id, text, author, request_id)
    SELECT $1, ordered.case_id, note_id, text, author, nullif(request_id, '')
    FROM (SELECT * FROM change WHERE text <> '' ORDER BY case_id, note_id) AS ordered
    CROSS JOIN LATERAL (
      SELECT FROM case_file WHERE organisation_id = $1 AND case_file.case_id = ordered.case_id
      FOR KEY SHARE) AS found
    ON CONFLICT (organisation_id, request_id) DO NOTHING)
  INSERT INTO contact_portal AS old (organisation_id, case_id, contact_id, portal, version,
                                     expire_time)
  SELECT DISTINCT ON (case_id, contact_id) $1, case_id, contact_id, portal, version, expire_time
  FROM change ORDER BY case_id, contact_id, version DESC
  ON CONFLICT (organisation_id, case_id, contact_id)
  DO UPDATE SET portal = excluded.portal, version = excluded.version,
    expire_time = excluded.expire_time
  WHERE old.version < excluded.version)sql";

const std::string kGet = CasesQuery(
    "SELECT * FROM case_file WHERE organisation_id = $1 AND case_id = $2", "true", "f.case_id");

// What a client sees, for single reads and lists alike: of each case that an access of its opens,
// the contacts that it shows. $2 to $4 are the accesses: their cases, their contacts, and whether
// they show all. By `(SELECT $2)`, since a planner that sees an array makes a plan for each.
const std::string kVisible = CasesQuery(
    "SELECT case_file.*, a.contact_id AS viewer, a.sees_all FROM "
    "unnest((SELECT $2::text[]), $3::text[], $4::boolean[]) AS a (case_id, contact_id, sees_all) "
    "JOIN case_file ON case_file.organisation_id = $1 AND case_file.case_id = a.case_id",
    "f.sees_all OR c.contact_id = f.viewer", "f.display_name, f.case_id");

const std::string kList = CasesQuery(
    "SELECT * FROM case_file WHERE organisation_id = $1 AND (create_time, case_id) < "
    "($2::timestamptz, $3) ORDER BY create_time DESC, case_id DESC LIMIT $4",
    "true", "f.create_time DESC, f.case_id DESC");

const std::string kAddNote = absl::StrCat(
    "INSERT INTO note (organisation_id, case_id, note_id, text, author, request_id) "
    "SELECT organisation_id, case_id, $3, $4, $5, nullif($6, '') FROM case_file "
    "WHERE organisation_id = $1 AND case_id = $2 FOR KEY SHARE "
    "ON CONFLICT (organisation_id, request_id) DO NOTHING RETURNING ",
    kNoteColumns);

// By their cases, lest two calls wait for one another's.
constexpr char kAddNotes[] = R"sql(
  WITH told AS (
    SELECT f.organisation_id, f.case_id, n.note_id, n.text, n.author, n.request_id
    FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
      AS n (case_id, note_id, text, author, request_id)
    JOIN case_file AS f ON f.organisation_id = $1 AND f.case_id = n.case_id
    ORDER BY f.case_id, n.note_id FOR KEY SHARE OF f)
  INSERT INTO note (organisation_id, case_id, note_id, text, author, request_id)
  SELECT organisation_id, case_id, note_id, text, author, request_id FROM told
  ON CONFLICT (organisation_id, request_id) DO NOTHING)sql";

// A row without a note says that the case exists.
const std::string kListNotes =
    absl::StrCat("SELECT n.* FROM case_file LEFT JOIN LATERAL (SELECT ", kNoteColumns,
                 " FROM note WHERE organisation_id = $1 AND case_id = $2 AND note_id < $3 "
                 "ORDER BY note_id DESC LIMIT $4) AS n ON true "
                 "WHERE case_file.organisation_id = $1 AND case_file.case_id = $2");

constexpr int64_t kMicrosMax = 253402300800 * 1000000;  // The end of the year 9999.

std::optional<Case> Find(Transaction& tx, const std::string& organisation_id,
                         const std::string& case_id) {
  std::vector<Case> cases = CasesFrom(tx.Exec(kGet.c_str(), organisation_id, case_id));
  if (cases.empty()) return std::nullopt;
  return std::move(cases.front());
}

// What a page of the list begins below: KeyOf() of the last case before.
absl::StatusOr<std::pair<absl::Time, std::string>> Below(const Page& page) {
  if (page.after.empty()) return std::pair(absl::InfiniteFuture(), std::string());
  const std::pair<std::string, std::string> key =
      absl::StrSplit(page.after, absl::MaxSplits('|', 1));
  int64_t micros = 0;
  if (absl::SimpleAtoi(key.first, &micros) && micros >= 0 && micros < kMicrosMax) {
    return std::pair(absl::FromUnixMicros(micros), key.second);
  }
  return Refuse(common::v1::PAGE_TOKEN_INVALID, "the page token is not one that this list gave");
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
  return absl::StrCat(absl::ToUnixMicros(mirrored.create_time), "|", mirrored.case_id);
}

absl::StatusOr<Case> PostgresStore::Put(const Caller& caller, const Case& mirrored) {
  const std::string& organisation_id = caller.organisation_id;
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
    IndexWords(tx, organisation_id, {mirrored.case_id});
    Case now = *Find(tx, organisation_id, mirrored.case_id);
    ASSIGN_OR_RETURN(now.state, places_.Follow(caller, mirrored));
    if (ConcernsInvitations(before, now.contacts)) {
      OutboxCalls calls(organisation_id);
      AddFollow(mirrored.case_id, now, caller.actor_name, calls);
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
    pqxx::result deleted;
    for (const char* sql : kDelete) deleted = tx.Exec(sql, organisation_id, case_id);
    OutboxCalls calls(organisation_id);
    AddDeleted(case_id, TimeFromSql(deleted[0]["delete_time"]), author, calls);
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

absl::StatusOr<std::vector<Case>> PostgresStore::ListVisible(
    const std::string& organisation_id, const std::vector<CaseAccess>& accesses) {
  using Result = absl::StatusOr<std::vector<Case>>;
  std::vector<std::string> case_ids, contact_ids, see_all;
  for (const CaseAccess& access : accesses) {
    // Of two to one case, the first is what counts, as in Caller::AccessTo.
    if (std::find(case_ids.begin(), case_ids.end(), access.case_id) != case_ids.end()) continue;
    case_ids.push_back(access.case_id);
    contact_ids.push_back(access.contact_id);
    see_all.emplace_back(access.visibility == Visibility::kAll ? "true" : "false");
  }
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    return CasesFrom(tx.Exec(kVisible.c_str(), organisation_id, SqlArray(case_ids),
                             SqlArray(contact_ids), SqlArray(see_all)));
  });
}

absl::StatusOr<std::vector<Case>> PostgresStore::List(const std::string& organisation_id,
                                                      const Page& page) {
  using Result = absl::StatusOr<std::vector<Case>>;
  ASSIGN_OR_RETURN(const auto below, Below(page));
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    return CasesFrom(
        tx.Exec(kList.c_str(), organisation_id, ToSql(below.first), below.second, page.limit()));
  });
}

absl::StatusOr<Note> PostgresStore::AddNote(const std::string& organisation_id,
                                            const std::string& case_id, const Note& note,
                                            const std::string& delivery_id) {
  return postgres_.WriteOne(
      Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Note> {
        const auto added = tx.Exec(kAddNote.c_str(), organisation_id, case_id, NewId("note"),
                                   note.text, note.author, delivery_id);
        if (added.empty()) return NotFound();
        return NoteFrom(added[0]);
      });
}

absl::Status PostgresStore::AddNotes(const std::string& organisation_id,
                                     const std::vector<DeliveredNote>& notes) {
  std::vector<std::string> cases, ids, texts, authors, deliveries;
  for (const DeliveredNote& one : notes) {
    cases.push_back(one.case_id);
    ids.push_back(NewId("note"));
    texts.push_back(one.note.text);
    authors.push_back(one.note.author);
    deliveries.push_back(one.delivery_id);
  }
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(kAddNotes, organisation_id, SqlArray(cases), SqlArray(ids), SqlArray(texts),
            SqlArray(authors), SqlArray(deliveries));
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<Note>> PostgresStore::ListNotes(const std::string& organisation_id,
                                                           const std::string& case_id,
                                                           const Page& page) {
  using Result = absl::StatusOr<std::vector<Note>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto rows =
        tx.Exec(kListNotes.c_str(), organisation_id, case_id, page.Below("note"), page.limit());
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

absl::Status PostgresStore::SetPortals(const std::string& organisation_id,
                                       const std::vector<PortalChange>& changes) {
  std::vector<std::string> cases, contacts, ends, ids, texts, authors, deliveries;
  std::vector<int64_t> portals, versions;
  for (const PortalChange& change : changes) {
    cases.push_back(change.case_id);
    contacts.push_back(change.contact_id);
    portals.push_back(static_cast<int64_t>(change.portal));
    versions.push_back(change.version);
    ends.push_back(ToSql(change.expire_time));
    ids.push_back(NewId("note"));
    texts.push_back(change.note.text);
    authors.push_back(change.note.author);
    deliveries.push_back(change.delivery_id);
  }
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(kSetPortals, organisation_id, SqlArray(cases), SqlArray(contacts), SqlArray(portals),
            SqlArray(versions), SqlArray(ends), SqlArray(ids), SqlArray(texts), SqlArray(authors),
            SqlArray(deliveries));
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::cases
