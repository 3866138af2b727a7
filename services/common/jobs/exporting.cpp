#include "services/common/jobs/exporting.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/common/jobs/erasing.h"
#include "services/common/postgres/arrays.h"

namespace gatehouse {
namespace {

using common::v1::ExportContactRequest;
using common::v1::ExportContactResponse;

constexpr int kRows = 100;
constexpr size_t kPartBytes = 1 << 20;

// Where a part begins: with which query, after which key.
struct Place {
  size_t query = 0;
  std::string after;

  static absl::StatusOr<Place> Of(const std::string& token) {
    if (token.empty()) return Place();
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(token, absl::MaxSplits('/', 1));
    Place place = {.after = parts.second};
    if (!absl::SimpleAtoi(parts.first, &place.query)) {
      return absl::InternalError("the page token is none of an export");
    }
    return place;
  }
  std::string Token() const { return absl::StrCat(query, "/", after); }
};

std::string PatternOf(const common::v1::OtherContacts& others) {
  if (others.more()) return ".+";
  common::v1::Subject known;
  *known.mutable_names() = others.names();
  *known.mutable_name_parts() = others.name_parts();
  *known.mutable_emails() = others.emails();
  *known.mutable_mobiles() = others.mobiles();
  return NamingPattern(known);
}

// The record with one member more.
absl::StatusOr<std::string> WithMessage(std::string record, const ExportQuery& query,
                                        const std::string& bytes) {
  const auto message = query.message();
  std::string json;
  if (!message->ParseFromString(bytes) ||
      !google::protobuf::util::MessageToJsonString(*message, &json).ok()) {
    return absl::InternalError(absl::StrCat("a ", query.member, " cannot be read"));
  }
  record.pop_back();
  absl::StrAppend(&record, record.size() > 1 ? ", \"" : "\"", query.member, "\": ", json, "}");
  return record;
}

absl::StatusOr<size_t> Add(const pqxx::row& row, const ExportQuery& query,
                           ExportContactResponse& part) {
  std::string json = row["record"].c_str();
  if (query.member != nullptr) {
    ASSIGN_OR_RETURN(json, WithMessage(std::move(json), query, BytesFromSql(row["bytes"])));
  }
  const size_t size = json.size();
  auto& record = *part.add_records();
  record.set_kind(query.kind);
  record.set_json(std::move(json));
  return size;
}

}  // namespace

absl::StatusOr<ExportContactResponse> ExportPart(Postgres& postgres,
                                                 const std::string& organisation_id,
                                                 const ExportContactRequest& request,
                                                 absl::Span<const ExportQuery> queries,
                                                 const std::vector<std::string>& addresses) {
  ASSIGN_OR_RETURN(Place place, Place::Of(request.page_token()));
  const common::v1::Subject& subject = request.subject();
  const std::string case_ids = SqlArray(ListOf(subject.case_ids()));
  const std::string present = SqlArray(ListOf(request.present_case_ids()));
  const std::string names = NamingPattern(subject), others = PatternOf(request.others());
  using Result = absl::StatusOr<ExportContactResponse>;
  return postgres.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    ExportContactResponse part;
    size_t bytes = 0;
    while (place.query < queries.size()) {
      const ExportQuery& query = queries[place.query];
      const auto rows = tx.Exec(query.sql, organisation_id, case_ids, subject.contact_id(),
                                place.after, kRows, names, others, SqlArray(addresses), present);
      for (const auto& row : rows) {
        ASSIGN_OR_RETURN(const size_t added, Add(row, query, part));
        bytes += added;
        place.after = row["key"].c_str();
        if (bytes < kPartBytes) continue;
        part.set_next_page_token(place.Token());
        return part;
      }
      if (rows.size() == kRows) continue;
      place = {.query = place.query + 1, .after = ""};
    }
    return part;
  });
}

}  // namespace gatehouse
