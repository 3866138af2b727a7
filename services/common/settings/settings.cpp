#include "services/common/settings/settings.h"
#include "gatehouse/common/v1/reasons.pb.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gatehouse/common/v1/events.pb.h"
#include "gatehouse/common/v1/options.pb.h"
#include "services/common/jobs/events.h"
#include "services/common/observe/log.h"
#include "services/common/rpc/validate.h"
#include "services/common/settings/fields.h"

namespace gatehouse {
namespace {

using google::protobuf::Message;

constexpr char kGet[] =
    "SELECT document, fields, version FROM settings_document WHERE organisation_id = $1 AND kind = "
    "$2";

// The row, locked, whether or not there was one: what is refused takes it away again.
constexpr char kLock[] = R"sql(
  INSERT INTO settings_document AS s (organisation_id, kind, document, fields, version)
  VALUES ($1, $2, '', '', 0)
  ON CONFLICT (organisation_id, kind) DO UPDATE SET version = s.version
  RETURNING document, fields, version)sql";

constexpr char kKeep[] =
    "UPDATE settings_document SET document = $3, fields = $4, version = $5 "
    "WHERE organisation_id = $1 AND kind = $2";

// So that whoever reads the audit trail next finds the change there, as a rule.
constexpr absl::Duration kPatience = absl::Milliseconds(300);

Paths PathsOf(const StoredSettings& stored) {
  return absl::StrSplit(stored.fields, ',', absl::SkipEmpty());
}

std::unique_ptr<Message> Parse(const Message& prototype, const std::string& values) {
  std::unique_ptr<Message> document(prototype.New());
  if (google::protobuf::TextFormat::ParseFromString(values, document.get())) return document;
  // The contract itself is wrong: no process with it may serve.
  LogError("settings.preset", {{"kind", prototype.GetDescriptor()->full_name()}});
  std::abort();
}

absl::Status EtagMismatch() {
  return Refuse(common::v1::ETAG_MISMATCH,
                "the settings have changed since they were read: read them again");
}

std::string EtagOf(const Message& document) {
  const auto* etag = document.GetDescriptor()->FindFieldByName("etag");
  return document.GetReflection()->GetString(document, etag);
}

}  // namespace

StoredSettings StoredSettings::From(const pqxx::row& row) {
  if (row["version"].is_null()) return {};
  return {.document = BytesFromSql(row["document"]),
          .fields = row["fields"].c_str(),
          .version = row["version"].as<int64_t>()};
}

AnySettings::AnySettings(Postgres& postgres, Outbox& outbox, const Message& prototype)
    : postgres_(postgres),
      outbox_(outbox),
      prototype_(prototype),
      kind_(prototype.GetDescriptor()->full_name()) {
  const auto& rule = prototype.GetDescriptor()->options().GetExtension(common::v1::settings);
  auto general = std::unique_ptr<Message>(prototype.New());
  for (const auto& preset : rule.preset()) {
    if (preset.region().empty()) general = Parse(prototype, preset.values());
  }
  for (const auto& preset : rule.preset()) {
    if (preset.region().empty()) continue;
    const auto own = Parse(prototype, preset.values());
    auto& document = defaults_[preset.region()];
    document.reset(prototype.New());
    document->CopyFrom(*general);
    CopyLeaves(*own, LeavesSet(*own), *document);
  }
  defaults_[""] = std::move(general);
}

void AnySettings::Merge(const StoredSettings& stored, const std::string& region,
                        Message& document) const {
  const auto own = defaults_.find(region);
  document.CopyFrom(own == defaults_.end() ? *defaults_.at("") : *own->second);
  const std::unique_ptr<Message> changed(prototype_.New());
  changed->ParseFromString(stored.document);
  CopyLeaves(*changed, PathsOf(stored), document);
  const auto* etag = document.GetDescriptor()->FindFieldByName("etag");
  document.GetReflection()->SetString(&document, etag, absl::StrCat(stored.version));
}

absl::Status AnySettings::Get(const std::string& organisation_id, const std::string& region,
                              Message& document) const {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto rows = tx.Exec(kGet, organisation_id, kind_);
    Merge(rows.empty() ? StoredSettings() : StoredSettings::From(rows[0]), region, document);
    return absl::OkStatus();
  });
}

absl::StatusOr<StoredSettings> AnySettings::Patch(const StoredSettings& stored,
                                                  const Message& change,
                                                  const google::protobuf::FieldMask& mask) const {
  ASSIGN_OR_RETURN(const Paths named, LeavesNamed(change, mask));
  Paths changed = PathsOf(stored), given, taken;
  for (const std::string& path : named) {
    const bool gives = GivesValue(change, path);
    (gives ? given : taken).insert(path);
    if (gives) {
      changed.insert(path);
    } else {
      changed.erase(path);
    }
  }
  const std::unique_ptr<Message> document(prototype_.New());
  document->ParseFromString(stored.document);
  CopyLeaves(change, given, *document);
  CopyLeaves(prototype_, taken, *document);
  return StoredSettings{document->SerializeAsString(), absl::StrJoin(changed, ","),
                        stored.version + 1};
}

std::string AnySettings::Readable(const StoredSettings& stored) const {
  const std::unique_ptr<Message> document(prototype_.New());
  document->ParseFromString(stored.document);
  RemoveSecrets(*document);
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(*document, &json);
  return json;
}

absl::Status AnySettings::Update(const Message& change, const google::protobuf::FieldMask& mask,
                                 const Call& call, const Check& check, Message& document) const {
  const std::string& id = call.caller.organisation_id;
  const std::string etag = EtagOf(change);
  return postgres_.Write(Rows::Of(id), [&](Transaction& tx) -> absl::Status {
    const StoredSettings before = StoredSettings::From(tx.Exec(kLock, id, kind_)[0]);
    if (!etag.empty() && etag != absl::StrCat(before.version)) return EtagMismatch();
    ASSIGN_OR_RETURN(const StoredSettings after, Patch(before, change, mask));
    Merge(after, call.caller.region, document);
    RETURN_IF_ERROR(Validate(document));
    RETURN_IF_ERROR(check(document));
    if (after.document == before.document && after.fields == before.fields) {
      Merge(before, call.caller.region, document);
      return absl::OkStatus();
    }
    tx.Exec(kKeep, id, kind_, Bytes(after.document), after.fields, after.version);
    common::v1::SettingsUpdated told;
    told.set_before(Readable(before));
    told.set_after(Readable(after));
    OutboxCalls calls(id);
    AddToTrail(told, {.subject_id = kind_}, call, calls);
    outbox_.Add(tx, std::move(calls), kPatience);
    return absl::OkStatus();
  });
}

}  // namespace gatehouse
