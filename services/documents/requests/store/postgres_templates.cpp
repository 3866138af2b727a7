#include "services/documents/requests/store/postgres_templates.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/postgres/arrays.h"

namespace gatehouse::documents {
namespace {

absl::Status NotFound() {
  return Refuse(common::v1::NOT_FOUND, "there is no such template of document requests");
}

// Templates from their items' rows, which come together.
std::vector<RequestTemplate> TemplatesFrom(const pqxx::result& rows) {
  std::vector<RequestTemplate> templates;
  for (const auto& row : rows) {
    const std::string id = row["template_id"].c_str();
    if (templates.empty() || templates.back().template_id != id) {
      templates.push_back({.organisation_id = row["organisation_id"].c_str(),
                           .template_id = id,
                           .display_name = row["display_name"].c_str(),
                           .case_kind = row["case_kind"].c_str()});
    }
    templates.back().items.push_back({.title = row["title"].c_str(),
                                      .label = row["label"].c_str(),
                                      .due_days = row["due_days"].as<int>()});
  }
  return templates;
}

// Two at once are one after the other, so that the limit holds.
absl::Status Save(Transaction& tx, const RequestTemplate& put) {
  tx.Exec("SELECT pg_advisory_xact_lock(hashtext('document_request_template'), hashtext($1))",
          put.organisation_id);
  tx.Exec(
      "INSERT INTO document_request_template (organisation_id, template_id, display_name, "
      "case_kind) VALUES ($1, $2, $3, $4) ON CONFLICT (organisation_id, template_id) "
      "DO UPDATE SET display_name = excluded.display_name, case_kind = excluded.case_kind",
      put.organisation_id, put.template_id, put.display_name, put.case_kind);
  const auto counted = tx.Exec(
      "SELECT count(*) AS templates FROM document_request_template "
      "WHERE organisation_id = $1",
      put.organisation_id);
  if (counted[0]["templates"].as<int>() <= kTemplatesMax) return absl::OkStatus();
  return WithFact(Refuse(v1::DOCUMENT_REQUEST_TEMPLATE_LIMIT_REACHED,
                         "the organisation has as many templates as it may have"),
                  "max", absl::StrCat(kTemplatesMax));
}

void SaveItems(Transaction& tx, const RequestTemplate& put) {
  std::vector<std::string> titles, labels;
  std::vector<int64_t> due_days;
  for (const RequestTemplate::Item& item : put.items) {
    titles.push_back(item.title);
    labels.push_back(item.label);
    due_days.push_back(item.due_days);
  }
  tx.Exec(
      "DELETE FROM document_request_template_item WHERE organisation_id = $1 AND template_id = $2",
      put.organisation_id, put.template_id);
  tx.Exec(
      "INSERT INTO document_request_template_item (organisation_id, template_id, position, title, "
      "label, due_days) SELECT $1, $2, item.position, item.title, item.label, item.due_days "
      "FROM unnest($3::text[], $4::text[], $5::bigint[]) WITH ORDINALITY "
      "AS item(title, label, due_days, position)",
      put.organisation_id, put.template_id, SqlArray(titles), SqlArray(labels), SqlArray(due_days));
}

}  // namespace

absl::Status PostgresTemplates::Put(const RequestTemplate& put) {
  return postgres_.Write(Rows::Of(put.organisation_id), [&](Transaction& tx) -> absl::Status {
    RETURN_IF_ERROR(Save(tx, put));
    SaveItems(tx, put);
    return absl::OkStatus();
  });
}

absl::StatusOr<RequestTemplate> PostgresTemplates::Get(const std::string& organisation_id,
                                                       const std::string& template_id) {
  using Result = absl::StatusOr<RequestTemplate>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto found = TemplatesFrom(
        tx.Exec("SELECT t.*, i.title, i.label, i.due_days FROM document_request_template t "
                "JOIN document_request_template_item i USING (organisation_id, template_id) "
                "WHERE organisation_id = $1 AND template_id = $2 ORDER BY position",
                organisation_id, template_id));
    if (found.empty()) return NotFound();
    return found.front();
  });
}

absl::StatusOr<std::vector<RequestTemplate>> PostgresTemplates::List(
    const std::string& organisation_id, const std::string& case_kind, const Page& page) {
  using Result = absl::StatusOr<std::vector<RequestTemplate>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    return TemplatesFrom(tx.Exec(
        "SELECT t.*, i.title, i.label, i.due_days FROM (SELECT * FROM document_request_template "
        "WHERE organisation_id = $1 AND template_id > $2 AND ($3 = '' OR case_kind IN ('', $3)) "
        "ORDER BY template_id LIMIT $4) t "
        "JOIN document_request_template_item i USING (organisation_id, template_id) "
        "ORDER BY template_id, position",
        organisation_id, page.after, case_kind, page.limit()));
  });
}

absl::Status PostgresTemplates::Remove(const std::string& organisation_id,
                                       const std::string& template_id) {
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto rows = tx.Exec(
        "DELETE FROM document_request_template WHERE organisation_id = $1 "
        "AND template_id = $2 RETURNING 1",
        organisation_id, template_id);
    return rows.empty() ? NotFound() : absl::OkStatus();
  });
}

}  // namespace gatehouse::documents
