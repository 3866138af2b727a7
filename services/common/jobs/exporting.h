#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "gatehouse/common/v1/export.pb.h"
#include "services/common/postgres/postgres.h"
#include "services/common/postgres/sql.h"

namespace gatehouse {

// What the services have in common that export what they keep of a contact.

// A statement that finds records of one kind: `found` selects a `key` that each has alone, and
// `record`, a jsonb object. In it `asked` is a row of what is asked for: `organisation_id`,
// `case_ids`, `contact_id`; `names`, a pattern by which texts name the contact, and `others`, one
// by which they name the others of its cases, each empty where nothing does; `addresses`,
// whatever the service gives; and `present_case_ids`, the cases that the contact is on now.
constexpr auto ExportQueryText(const auto&... found) {
  return Sql(
      "WITH asked AS NOT MATERIALIZED (SELECT $1::text AS organisation_id, $2::text[] AS case_ids, "
      "$3::text AS contact_id, $6::text AS names, $7::text AS others, $8::text[] AS addresses, "
      "$9::text[] AS present_case_ids) "
      "SELECT * FROM (",
      found..., ") AS found WHERE key COLLATE \"C\" > $4 ORDER BY key COLLATE \"C\" LIMIT $5");
}

// A text that somebody wrote who did not show it to the contact: without the other contacts.
constexpr auto ExportWithheld(const auto& text) {
  return Sql("CASE WHEN asked.others = '' THEN ", text, " ELSE regexp_replace(", text,
             ", asked.others, '[withheld]', 'gi') END");
}

// One kind of what a service keeps of a contact.
struct ExportQuery {
  common::v1::PersonalData kind;
  const char* sql;  // an ExportQueryText
  // Where the statement selects `bytes` too, a serialised message: what it is called in the record,
  // and an empty one.
  const char* member = nullptr;
  std::unique_ptr<google::protobuf::Message> (*message)() = nullptr;
};
template <typename Message>
std::unique_ptr<google::protobuf::Message> NewMessage() {
  return std::make_unique<Message>();
}

// The part of what these find that is asked for: a megabyte, or little more, so that no message is
// ever too large. A fault where the page token is none of ours.
absl::StatusOr<common::v1::ExportContactResponse> ExportPart(
    Postgres& postgres, const std::string& organisation_id,
    const common::v1::ExportContactRequest& request, absl::Span<const ExportQuery> queries,
    const std::vector<std::string>& addresses = {});

}  // namespace gatehouse
