#include "services/notification/templates/store/postgres_templates.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/notification/v1/events.pb.h"
#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/jobs/events.h"
#include "services/common/postgres/arrays.h"
#include "services/common/postgres/sql.h"
#include "services/notification/templates/domain/templates.h"

namespace gatehouse::notification {
namespace {

constexpr absl::Duration kPatience = absl::Milliseconds(300);

// Changes of one organisation's templates come one after the other: so that there are never more
// than it may have.
constexpr char kLock[] =
    "SELECT pg_advisory_xact_lock(hashtextextended('template:' || $1::text, 0))";

constexpr char kColumns[] =
    "t.template_id, t.kind, v.version, v.title, v.subject, v.body, v.html, v.deleted, "
    "v.author_name, v.create_time";
constexpr char kCurrent[] =
    "template AS t JOIN template_version AS v ON v.organisation_id = t.organisation_id "
    "AND v.template_id = t.template_id AND v.version = t.version";
constexpr char kAllVersions[] =
    "template AS t JOIN template_version AS v ON v.organisation_id = t.organisation_id "
    "AND v.template_id = t.template_id";

constexpr auto kFind = Sql("SELECT ", kColumns, " FROM ", kCurrent,
                           " WHERE t.organisation_id = $1 AND t.template_id = ANY ($2::text[]) "
                           "AND NOT t.deleted");
constexpr auto kNewest = Sql("SELECT ", kColumns, " FROM ", kCurrent,
                             " WHERE t.organisation_id = $1 AND t.template_id = $2");
constexpr auto kList = Sql("SELECT ", kColumns, " FROM ", kCurrent,
                           " WHERE t.organisation_id = $1 AND t.template_id > $2 AND NOT t.deleted "
                           "ORDER BY t.template_id LIMIT $3");
constexpr auto kListKind = Sql("SELECT ", kColumns, " FROM ", kCurrent,
                               " WHERE t.organisation_id = $1 AND t.template_id > $2 "
                               "AND t.kind = $4 AND NOT t.deleted ORDER BY t.template_id LIMIT $3");
constexpr auto kVersions = Sql("SELECT ", kColumns, " FROM ", kAllVersions,
                               " WHERE t.organisation_id = $1 AND t.template_id = $2 "
                               "AND v.version < $3 ORDER BY v.version DESC LIMIT $4");
constexpr auto kVersion = Sql("SELECT ", kColumns, " FROM ", kAllVersions,
                              " WHERE t.organisation_id = $1 AND t.template_id = $2 "
                              "AND v.version = $3");
constexpr char kCount[] =
    "SELECT count(*) AS n FROM template WHERE organisation_id = $1 AND NOT deleted";
constexpr char kKeep[] = R"sql(
  INSERT INTO template (organisation_id, template_id, kind, version, deleted)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (organisation_id, template_id) DO UPDATE
    SET version = $4, deleted = $5, update_time = clock_timestamp())sql";
constexpr char kKeepVersion[] = R"sql(
  INSERT INTO template_version (organisation_id, template_id, version, title, subject, body, html,
                                deleted, author_id, author_name)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING create_time)sql";
constexpr char kEndVersions[] =
    "DELETE FROM template_version WHERE organisation_id = $1 AND template_id = $2 AND version <= "
    "$3";

StoredTemplate From(const pqxx::row& row) {
  return {.template_id = row["template_id"].c_str(),
          .kind = row["kind"].c_str(),
          .title = row["title"].c_str(),
          .text = {row["subject"].c_str(), row["body"].c_str(), row["html"].c_str()},
          .version = row["version"].as<int64_t>(),
          .author_name = row["author_name"].c_str(),
          .update_time = TimeFromSql(row["create_time"]),
          .deleted = row["deleted"].as<bool>()};
}

std::vector<StoredTemplate> AllFrom(const pqxx::result& rows) {
  std::vector<StoredTemplate> all;
  for (const auto& row : rows) all.push_back(From(row));
  return all;
}

bool Same(const StoredTemplate& one, const StoredTemplate& other) {
  return one.title == other.title && one.text.subject == other.text.subject &&
         one.text.body == other.text.body && one.text.html == other.text.html &&
         one.deleted == other.deleted;
}

using Listed = absl::StatusOr<std::vector<StoredTemplate>>;

}  // namespace

Listed PostgresTemplates::Find(const std::string& organisation_id,
                               const std::vector<std::string>& ids) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Listed {
    return AllFrom(tx.Exec(kFind.c_str(), organisation_id, SqlArray(ids)));
  });
}

Listed PostgresTemplates::List(const std::string& organisation_id, const std::string& kind,
                               const Page& page) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Listed {
    if (kind.empty()) {
      return AllFrom(tx.Exec(kList.c_str(), organisation_id, page.after, page.limit()));
    }
    return AllFrom(tx.Exec(kListKind.c_str(), organisation_id, page.after, page.limit(), kind));
  });
}

Listed PostgresTemplates::ListVersions(const std::string& organisation_id,
                                       const std::string& template_id, const Page& page) {
  ASSIGN_OR_RETURN(const int64_t below, page.Below());
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Listed {
    auto found =
        AllFrom(tx.Exec(kVersions.c_str(), organisation_id, template_id, below, page.limit()));
    if (!found.empty() || !page.after.empty()) return found;
    return Refuse(common::v1::NOT_FOUND, "there is no such template here");
  });
}

absl::StatusOr<StoredTemplate> PostgresTemplates::FindVersion(const std::string& organisation_id,
                                                              const std::string& template_id,
                                                              int64_t version) {
  const Rows mine = Rows::Of(organisation_id);
  return postgres_.Read(mine, [&](Transaction& tx) -> absl::StatusOr<StoredTemplate> {
    const auto found = tx.Exec(kVersion.c_str(), organisation_id, template_id, version);
    if (!found.empty()) return From(found[0]);
    return Refuse(common::v1::NOT_FOUND, "there is no such version of this template");
  });
}

absl::StatusOr<StoredTemplate> PostgresTemplates::Change(const std::string& template_id,
                                                         const Call& call, const Decide& decide) {
  return postgres_.Write(Rows::Of(call.caller.organisation_id),
                         [&](Transaction& tx) { return ChangeIn(tx, template_id, call, decide); });
}

absl::StatusOr<StoredTemplate> PostgresTemplates::ChangeIn(Transaction& tx,
                                                           const std::string& template_id,
                                                           const Call& call, const Decide& decide) {
  const std::string& id = call.caller.organisation_id;
  tx.Exec(kLock, id);
  std::optional<StoredTemplate> newest;
  if (const auto found = tx.Exec(kNewest.c_str(), id, template_id); !found.empty()) {
    newest = From(found[0]);
  }
  ASSIGN_OR_RETURN(std::optional<StoredTemplate> made, decide(newest));
  if (!made.has_value()) return newest.value_or(StoredTemplate());
  if (newest.has_value() && Same(*made, *newest)) return *newest;
  const bool more = !newest.has_value() || newest->deleted;
  if (more && tx.Exec(kCount, id)[0]["n"].as<int>() >= kTemplatesMax) {
    return Refuse(v1::TEMPLATE_LIMIT_REACHED,
                  absl::StrCat("there are ", kTemplatesMax, " already"));
  }
  made->template_id = template_id;
  made->version = newest.has_value() ? newest->version + 1 : 1;
  RETURN_IF_ERROR(Keep(tx, *made, call));
  return *made;
}

absl::Status PostgresTemplates::Keep(Transaction& tx, StoredTemplate& made, const Call& call) {
  const std::string& id = call.caller.organisation_id;
  made.author_name = call.caller.actor_name;
  tx.Exec(kKeep, id, made.template_id, made.kind, made.version, made.deleted);
  const auto kept =
      tx.Exec(kKeepVersion, id, made.template_id, made.version, made.title, made.text.subject,
              made.text.body, made.text.html, made.deleted, call.caller.actor_id, made.author_name);
  made.update_time = TimeFromSql(kept[0]["create_time"]);
  tx.Exec(kEndVersions, id, made.template_id, made.version - kVersionsMax);
  OutboxCalls calls(id);
  if (made.deleted) {
    v1::TemplateDeleted told;
    told.set_kind(made.kind);
    AddToTrail(told, {.subject_id = made.template_id}, call, calls);
  } else {
    v1::TemplateUpdated told;
    told.set_kind(made.kind);
    told.set_version(absl::StrCat(made.version));
    AddToTrail(told, {.subject_id = made.template_id}, call, calls);
  }
  outbox_.Add(tx, std::move(calls), kPatience);
  return absl::OkStatus();
}

}  // namespace gatehouse::notification
