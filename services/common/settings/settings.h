#pragma once

// Settings of organisations. A settings document is a message of a service's contract, whose
// defaults stand in its proto (the option gatehouse.common.v1.settings: for all, then for a region)
// and whose fields carry their rules. What an organisation changed is kept as one such document,
// with the paths of the fields that it changed; all others follow the defaults, those of later
// versions too. To add a field is to add it to the proto, and to the rule that reads it.

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/message.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/base/caller.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse {

// What an organisation changed, as its row has it; without a row, as it is made.
struct StoredSettings {
  std::string document;  // Serialised.
  std::string fields;    // The paths that it changed, joined by commas.
  int64_t version = 0;   // Grows with every change: the etag.

  // From the columns `document`, `fields` and `version` of settings_document, all null without a
  // row.
  static StoredSettings From(const pqxx::row& row);
};

// What Settings does for any message.
class AnySettings {
 public:
  AnySettings(Postgres& postgres, Outbox& outbox, const google::protobuf::Message& prototype);

  using Check = std::function<absl::Status(const google::protobuf::Message&)>;
  absl::Status Get(const std::string& organisation_id, const std::string& region,
                   google::protobuf::Message& document) const;
  void Merge(const StoredSettings& stored, const std::string& region,
             google::protobuf::Message& document) const;
  absl::Status Update(const google::protobuf::Message& change,
                      const google::protobuf::FieldMask& mask, const Call& call, const Check& check,
                      google::protobuf::Message& document) const;

 private:
  absl::StatusOr<StoredSettings> Patch(const StoredSettings& stored,
                                       const google::protobuf::Message& change,
                                       const google::protobuf::FieldMask& mask) const;
  std::string Readable(const StoredSettings& stored) const;

  Postgres& postgres_;
  Outbox& outbox_;
  const google::protobuf::Message& prototype_;
  const std::string kind_;
  // By region; for those that have none of their own, that of "".
  std::map<std::string, std::unique_ptr<google::protobuf::Message>> defaults_;
};

// The settings of one kind. `Document` has a string field `etag`.
template <typename Document>
class Settings {
 public:
  // Changes are told to the audit trail through `outbox`, which must know identity.
  Settings(Postgres& postgres, Outbox& outbox)
      : settings_(postgres, outbox, Document::default_instance()) {}

  // What holds for an organisation of this region.
  absl::StatusOr<Document> Get(const std::string& organisation_id,
                               const std::string& region) const {
    Document document;
    RETURN_IF_ERROR(settings_.Get(organisation_id, region, document));
    return document;
  }

  // The same of a row that another statement has read.
  Document Of(const StoredSettings& stored, const std::string& region) const {
    Document document;
    settings_.Merge(stored, region, document);
    return document;
  }

  // Changes the fields that the mask names, within messages too (`email.subject`); without a mask,
  // those that are set, within messages too; with `*`, all. A named field that is not set goes back
  // to its default; so does an empty list, unless its rule says may_be_empty. `check` judges the
  // whole as it would hold then. Changes of one organisation come one after the other, each is in
  // the audit trail with who made it and what was before and after, and one that changes nothing
  // leaves the etag. The answer is what holds now.
  // Refuses INVALID_REQUEST, ETAG_MISMATCH (ABORTED) where the change has an etag that is not the
  // current one, and what `check` refuses.
  absl::StatusOr<Document> Update(const Document& change, const google::protobuf::FieldMask& mask,
                                  const Call& call,
                                  const std::function<absl::Status(const Document&)>& check) const {
    Document document;
    RETURN_IF_ERROR(settings_.Update(
        change, mask, call,
        [&](const google::protobuf::Message& now) {
          return check(static_cast<const Document&>(now));
        },
        document));
    return document;
  }

 private:
  const AnySettings settings_;
};

}  // namespace gatehouse
