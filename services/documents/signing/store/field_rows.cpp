#include "services/documents/signing/store/field_rows.h"

#include <map>

#include "services/common/postgres/arrays.h"

namespace gatehouse::documents {
namespace {

SignatureField FieldFrom(const pqxx::row& row) {
  return {.field_id = row["field_id"].c_str(),
          .kind = static_cast<FieldKind>(row["kind"].as<int>()),
          .contact_id = row["contact_id"].c_str(),
          .page = row["page"].as<int>(),
          .left = row["place_left"].as<double>(),
          .top = row["place_top"].as<double>(),
          .width = row["place_width"].as<double>(),
          .height = row["place_height"].as<double>(),
          .required = row["required"].as<bool>(),
          .wrapped = row["wrapped"].as<bool>(),
          .label = row["label"].c_str(),
          .page_size = {row["page_width"].as<double>(), row["page_height"].as<double>()},
          .value = row["value"].c_str()};
}

}  // namespace

void LoadSignatureFields(Transaction& transaction, std::vector<SignatureRequest>& requests) {
  if (requests.empty()) return;
  std::vector<std::string> ids;
  std::map<std::string, SignatureRequest*> places;
  for (SignatureRequest& request : requests) {
    ids.push_back(request.signature_request_id);
    places[request.signature_request_id] = &request;
  }
  for (const auto& row : transaction.Exec(
           "SELECT * FROM signature_field WHERE organisation_id = $1 "
           "AND signature_request_id = ANY ($2::text[]) ORDER BY signature_request_id, position",
           requests[0].organisation_id, SqlArray(ids))) {
    places.at(row["signature_request_id"].c_str())->fields.push_back(FieldFrom(row));
  }
}

void InsertSignatureFields(Transaction& transaction, const SignatureRequest& request) {
  for (size_t i = 0; i < request.fields.size(); ++i) {
    const SignatureField& f = request.fields[i];
    transaction.Exec(
        "INSERT INTO signature_field (organisation_id, signature_request_id, position, field_id, "
        "kind, contact_id, page, place_left, place_top, place_width, place_height, page_width, "
        "page_height, required, wrapped, label) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        request.organisation_id, request.signature_request_id, static_cast<int>(i), f.field_id,
        static_cast<int>(f.kind), f.contact_id, f.page, f.left, f.top, f.width, f.height,
        f.page_size.width, f.page_size.height, f.required, f.wrapped, f.label);
  }
}

void SaveSignatureFields(Transaction& transaction, const SignatureRequest& request) {
  std::vector<int64_t> positions;
  std::vector<std::string> values;
  for (size_t i = 0; i < request.fields.size(); ++i) {
    if (request.fields[i].value.empty()) continue;  // What was filled in once stays.
    positions.push_back(static_cast<int64_t>(i));
    values.push_back(request.fields[i].value);
  }
  if (positions.empty()) return;
  transaction.Exec(
      "UPDATE signature_field AS f SET value = filled.value "
      "FROM unnest($3::bigint[], $4::text[]) AS filled(position, value) "
      "WHERE f.organisation_id = $1 AND f.signature_request_id = $2 "
      "AND f.position = filled.position AND f.value <> filled.value",
      request.organisation_id, request.signature_request_id, SqlArray(positions), SqlArray(values));
}

}  // namespace gatehouse::documents
