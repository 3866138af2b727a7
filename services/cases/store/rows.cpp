#include "services/cases/store/rows.h"

#include "absl/strings/str_cat.h"
#include "services/common/postgres/arrays.h"
#include "services/common/text/json_text.h"

namespace gatehouse::cases {
namespace {

constexpr char kCaseColumns[] =
    "f.case_id, f.display_name, f.kind, f.owner_id, f.owner_name, f.owner_email, f.owner_phone, "
    "f.owner_e164, f.version, f.create_time, f.update_time";

constexpr char kContactColumns[] =
    "c.contact_id, c.type, c.given_name, c.family_name, c.email, c.mobile, c.e164, c.role, "
    "CASE WHEN p.expire_time > now() THEN p.portal ELSE 1 END AS portal";

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

}  // namespace

std::string CasesQuery(const std::string& chosen, const std::string& seen,
                       const std::string& order) {
  return absl::StrCat("SELECT ", kCaseColumns, ", ", kContactColumns, " FROM (", chosen,
                      ") AS f LEFT JOIN contact AS c ON c.organisation_id = f.organisation_id "
                      "AND c.case_id = f.case_id AND (",
                      seen,
                      ") LEFT JOIN contact_portal AS p ON p.organisation_id = f.organisation_id "
                      "AND p.case_id = f.case_id AND p.contact_id = c.contact_id ORDER BY ",
                      order, ", c.position");
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

std::map<std::string, Case> FindCases(Transaction& tx, const std::string& organisation_id,
                                      const std::vector<std::string>& case_ids) {
  static const std::string kFind = CasesQuery(
      "SELECT * FROM case_file WHERE organisation_id = $1 AND case_id = ANY ($2::text[])", "true",
      "f.case_id");
  std::map<std::string, Case> found;
  if (case_ids.empty()) return found;
  for (Case& mirrored : CasesFrom(tx.Exec(kFind.c_str(), organisation_id, SqlArray(case_ids)))) {
    found.emplace(mirrored.case_id, std::move(mirrored));
  }
  return found;
}

Note NoteFrom(const pqxx::row& row) {
  return {.note_id = row["note_id"].c_str(),
          .text = row["text"].c_str(),
          .author = row["author"].c_str(),
          .create_time = TimeFromSql(row["create_time"])};
}

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

}  // namespace gatehouse::cases
