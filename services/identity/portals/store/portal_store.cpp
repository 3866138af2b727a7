#include "services/identity/portals/store/portal_store.h"

#include "absl/strings/str_cat.h"
#include "services/common/auth/standing.h"

namespace gatehouse::identity {
namespace {

// The version grows only where some client is kept out that was not, or the other way about.
constexpr char kFollow[] = R"sql(
  INSERT INTO portal_standing AS p
    (organisation_id, enabled, settings_version, terms_version, version)
  VALUES ($1, $2 OR $3 = 0, $3, $4,
          CASE WHEN $4 > 0 OR ($3 > 0 AND NOT $2) THEN 1 ELSE 0 END)
  ON CONFLICT (organisation_id) DO UPDATE SET
    enabled = CASE WHEN $3 > p.settings_version THEN $2 ELSE p.enabled END,
    settings_version = greatest(p.settings_version, $3),
    terms_version = greatest(p.terms_version, $4),
    version = p.version + CASE WHEN $4 > p.terms_version
      OR ($3 > p.settings_version AND $2 <> p.enabled) THEN 1 ELSE 0 END
  RETURNING version)sql";

constexpr char kAccept[] = R"sql(
  INSERT INTO terms_accepted AS t (organisation_id, account_id, terms_version) VALUES ($1, $2, $3)
  ON CONFLICT (account_id, organisation_id)
  DO UPDATE SET terms_version = greatest(t.terms_version, $3))sql";

}  // namespace

std::string PortalStateId(const std::string& organisation_id, int64_t version) {
  return absl::StrCat("portal.", organisation_id, ".", version);
}

void NotePortal(const pqxx::row& row, Credential& credential) {
  Caller& caller = credential.caller;
  caller.ancestors = {PortalStateId(caller.organisation_id, row["portal_version"].as<int64_t>())};
  if (!row["portal_enabled"].as<bool>()) {
    caller.scopes = {kPortalClosed};
  } else if (row["terms_due"].as<bool>()) {
    caller.scopes = {kTermsDue};
  }
  // A second ago: the clock of who would keep it may be behind.
  if (!caller.scopes.empty()) credential.note_use_after = -absl::Seconds(1);
}

absl::StatusOr<int64_t> PortalStore::Follow(const std::string& organisation_id,
                                            const PortalNews& news) {
  using Result = absl::StatusOr<int64_t>;
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto kept =
        tx.Exec(kFollow, organisation_id, news.enabled, news.settings_version, news.terms_version);
    return kept[0]["version"].as<int64_t>();
  });
}

absl::Status PortalStore::Accept(const std::string& organisation_id, const std::string& account_id,
                                 int terms_version) {
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(kAccept, organisation_id, account_id, terms_version);
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::identity
