#include "services/invitation/store/postgres_store.h"

#include "gatehouse/cases/v1/reasons.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/postgres/sql.h"
#include "services/invitation/effects.h"

namespace gatehouse::invitation {
namespace {

constexpr absl::Duration kPatience = absl::Milliseconds(300);

absl::Status NotFound() { return Refuse(common::v1::NOT_FOUND, "there is no such thing here"); }

std::vector<std::string> ListFrom(const pqxx::field& field) {
  std::vector<std::string> list;
  pqxx::array_parser parser = field.as_array();
  for (auto next = parser.get_next(); next.first != pqxx::array_parser::juncture::done;
       next = parser.get_next()) {
    if (next.first == pqxx::array_parser::juncture::string_value) list.push_back(next.second);
  }
  return list;
}

// A PostgreSQL array literal; every element quoted.
std::string ToSql(const std::vector<std::string>& list) {
  std::string array = "{";
  for (const std::string& element : list) {
    if (array.size() > 1) array += ',';
    array += '"';
    for (const char c : element) {
      if (c == '"' || c == '\\') array += '\\';
      array += c;
    }
    array += '"';
  }
  return array + "}";
}

std::optional<std::string> ToSql(const std::optional<absl::Time>& time) {
  if (!time.has_value()) return std::nullopt;
  return gatehouse::ToSql(*time);
}

std::optional<absl::Time> TimeOf(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return TimeFromSql(field);
}

// The columns that InvitationFrom() reads.
constexpr char kInvitation[] =
    "i.organisation_id, i.invitation_id, i.case_id, i.contact_id, i.state, i.delivery, "
    "i.visibility, i.document_request_ids, i.contact_name, i.email, i.mobile, i.inviter_name, "
    "i.message_request_id, i.expire_time, "
    "i.create_time, i.send_time, i.accept_time, i.revoke_time, i.portal_url, i.flow_ids";

Invitation InvitationFrom(const pqxx::row& row) {
  Invitation invitation;
  invitation.organisation_id = row["organisation_id"].c_str();
  invitation.invitation_id = row["invitation_id"].c_str();
  invitation.case_id = row["case_id"].c_str();
  invitation.contact_id = row["contact_id"].c_str();
  invitation.state = static_cast<State>(row["state"].as<int>());
  invitation.delivery = static_cast<Delivery>(row["delivery"].as<int>());
  invitation.visibility = row["visibility"].as<int>() == 1 ? Visibility::kAll : Visibility::kOwn;
  invitation.document_request_ids = ListFrom(row["document_request_ids"]);
  invitation.contact_name = row["contact_name"].c_str();
  invitation.email = row["email"].c_str();
  invitation.mobile = row["mobile"].c_str();
  invitation.inviter_name = row["inviter_name"].c_str();
  invitation.message_request_id = row["message_request_id"].c_str();
  invitation.expire_time = TimeFromSql(row["expire_time"]);
  invitation.create_time = TimeFromSql(row["create_time"]);
  invitation.send_time = TimeOf(row["send_time"]);
  invitation.accept_time = TimeOf(row["accept_time"]);
  invitation.revoke_time = TimeOf(row["revoke_time"]);
  invitation.portal_url = row["portal_url"].c_str();
  invitation.flow_ids = ListFrom(row["flow_ids"]);
  return invitation;
}

// The columns that LinkFrom() reads.
constexpr char kLink[] =
    "l.link_id, l.token_hash, l.single_use, coalesce(l.used_by, '') AS used_by, l.killed, "
    "l.expire_time AS link_expire_time, l.create_time AS link_create_time";

Link LinkFrom(const pqxx::row& row) {
  return {.link_id = row["link_id"].c_str(),
          .token_hash = BytesFromSql(row["token_hash"]),
          .single_use = row["single_use"].as<bool>(),
          .used_by = row["used_by"].c_str(),
          .killed = row["killed"].as<bool>(),
          .expire_time = TimeFromSql(row["link_expire_time"]),
          .create_time = TimeFromSql(row["link_create_time"])};
}

constexpr char kLock[] =
    "INSERT INTO case_lock AS old VALUES ($1, $2, 1) ON CONFLICT (organisation_id, case_id) "
    "DO UPDATE SET version = old.version + 1 RETURNING version";

constexpr auto kOfInvitation = Sql(
    "SELECT ", kInvitation, " FROM invitation AS i WHERE organisation_id = $1 AND case_id = $2 ");
constexpr auto kOfCase = Sql(kOfInvitation, "ORDER BY invitation_id DESC LIMIT 1000");
constexpr auto kGet = Sql(kOfInvitation, "AND invitation_id = $3");
constexpr auto kList =
    Sql(kOfInvitation, "AND invitation_id < $3 ORDER BY invitation_id DESC LIMIT $4");
constexpr auto kListOpen = Sql(kOfInvitation, "AND state IN (1, 2) LIMIT 1000");
constexpr auto kListLinks = Sql("SELECT ", kLink,
                                " FROM link AS l WHERE organisation_id = $1 AND invitation_id = $2 "
                                "ORDER BY link_id");

// Whether the portal of the organisation is open, and how it looks.
constexpr char kCheckPortal[] =
    "SELECT coalesce(p.enabled, true) AS portal_enabled, p.look FROM (SELECT 1) AS one "
    "LEFT JOIN portal_state AS p ON p.organisation_id = $1";

// With what its organisation changed of the policy, if anything, whether its portal is open, and
// how that looks.
constexpr auto kFindLink =
    Sql("SELECT ", kInvitation, ", ", kLink,
        ", s.document, s.fields, s.version, coalesce(p.enabled, true) AS portal_enabled, p.look "
        "FROM link AS l JOIN invitation AS i USING (organisation_id, invitation_id) "
        "LEFT JOIN settings_document AS s "
        "ON s.organisation_id = l.organisation_id AND s.kind = $2 "
        "LEFT JOIN portal_state AS p ON p.organisation_id = l.organisation_id "
        "WHERE l.token_hash = $1");

// Who says nothing of the look leaves it. Of the same version it is news where a process of before
// heard, or told, that version without its look.
constexpr char kSetPortal[] = R"sql(
  INSERT INTO portal_state AS old (organisation_id, enabled, settings_version, look)
  VALUES ($1, $2, $3, nullif($4::bytea, ''))
  ON CONFLICT (organisation_id) DO UPDATE
    SET enabled = $2, settings_version = $3, look = coalesce(nullif($4::bytea, ''), old.look)
    WHERE old.settings_version < $3
      OR old.settings_version = $3 AND old.look IS NULL AND nullif($4::bytea, '') IS NOT NULL)sql";

absl::Status CheckOpen(const pqxx::row& row) {
  if (row["portal_enabled"].as<bool>()) return absl::OkStatus();
  return Refuse(cases::v1::PORTAL_DISABLED, "the organisation has no portal: ask it how to go on");
}

constexpr char kUseLink[] = R"sql(
  WITH used AS (
    UPDATE link SET used_by = $3
    WHERE organisation_id = $1 AND link_id = $2 AND single_use AND used_by IS NULL
    RETURNING used_by)
  SELECT NOT single_use OR coalesce(used_by, (SELECT used_by FROM used)) = $3 AS ours
  FROM link WHERE organisation_id = $1 AND link_id = $2)sql";

// Whoever changes the case's invitations meanwhile is waited for; what is not pending then has no
// row.
constexpr auto kAccept = Sql(R"sql(
  WITH locked AS (
    UPDATE case_lock SET version = version + 1 WHERE organisation_id = $1 AND case_id = $2
    RETURNING version AS case_version)
  UPDATE invitation AS i SET state = 2, accept_time = $4 FROM locked
  WHERE i.organisation_id = $1 AND i.case_id = $2 AND i.invitation_id = $3 AND i.state = 1
  RETURNING case_version, )sql",
                             kInvitation);

constexpr char kStateOf[] =
    "SELECT state FROM invitation WHERE organisation_id = $1 AND case_id = $2 "
    "AND invitation_id = $3";

// A pending invitation whose time is up makes room for the contact's next one: by the clock that
// decided so, which is that of the next one.
constexpr char kReplaceExpired[] = R"sql(
  UPDATE invitation SET state = 3 WHERE organisation_id = $1 AND case_id = $2 AND contact_id = $3
    AND invitation_id <> $4 AND state = 1 AND expire_time <= $5)sql";

// The cases of those that were alive.
constexpr char kKillLinksOfContact[] = R"sql(
  WITH killed AS (
    UPDATE link AS l SET killed = true FROM invitation AS i
    WHERE i.organisation_id = $1 AND i.contact_id = $2 AND i.invitation_id <> $3
      AND l.organisation_id = i.organisation_id AND l.invitation_id = i.invitation_id
      AND NOT l.killed
    RETURNING i.case_id, i.state)
  SELECT DISTINCT case_id FROM killed WHERE state IN (1, 2) AND case_id <> $4)sql";

constexpr char kSave[] = R"sql(
  INSERT INTO invitation (organisation_id, invitation_id, case_id, contact_id, state, delivery,
    visibility, document_request_ids, contact_name, email, mobile, inviter_name, message_request_id,
    expire_time, create_time, send_time, accept_time, revoke_time, portal_url,
    flow_ids)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
  ON CONFLICT (organisation_id, invitation_id) DO UPDATE SET
    state = excluded.state, delivery = excluded.delivery, contact_name = excluded.contact_name,
    email = excluded.email, mobile = excluded.mobile,
    message_request_id = excluded.message_request_id, expire_time = excluded.expire_time,
    send_time = excluded.send_time, accept_time = excluded.accept_time,
    revoke_time = excluded.revoke_time)sql";

void Save(Transaction& tx, const Change& change) {
  const Invitation& i = change.invitation;
  if (change.replaces_expired) {
    const absl::Time now = std::max(i.create_time, i.send_time.value_or(i.create_time));
    tx.Exec(kReplaceExpired, i.organisation_id, i.case_id, i.contact_id, i.invitation_id,
            gatehouse::ToSql(now));
  }
  tx.Exec(kSave, i.organisation_id, i.invitation_id, i.case_id, i.contact_id,
          static_cast<int>(i.state), static_cast<int>(i.delivery),
          i.visibility == Visibility::kAll ? 1 : 2, ToSql(i.document_request_ids), i.contact_name,
          i.email, i.mobile, i.inviter_name, i.message_request_id, gatehouse::ToSql(i.expire_time),
          gatehouse::ToSql(i.create_time), ToSql(i.send_time), ToSql(i.accept_time),
          ToSql(i.revoke_time), i.portal_url, ToSql(i.flow_ids));
  if (change.kill_old_links) {
    tx.Exec("UPDATE link SET killed = true WHERE organisation_id = $1 AND invitation_id = $2",
            i.organisation_id, i.invitation_id);
  }
  if (change.links_end.has_value()) {
    tx.Exec(
        "UPDATE link SET expire_time = greatest(expire_time, $3) WHERE organisation_id = $1 "
        "AND invitation_id = $2 AND NOT killed",
        i.organisation_id, i.invitation_id, gatehouse::ToSql(*change.links_end));
  }
  for (const Link& link : change.new_links) {
    tx.Exec(
        "INSERT INTO link (organisation_id, link_id, invitation_id, token_hash, single_use, "
        "expire_time) VALUES ($1, $2, $3, $4, $5, $6)",
        i.organisation_id, link.link_id, i.invitation_id, Bytes(link.token_hash), link.single_use,
        gatehouse::ToSql(link.expire_time));
  }
}

void KillLinksOfContact(Transaction& tx, const Change& change, OutboxCalls& effects) {
  const Invitation& i = change.invitation;
  for (const auto& row :
       tx.Exec(kKillLinksOfContact, i.organisation_id, i.contact_id, i.invitation_id, i.case_id)) {
    AddNote(change, row["case_id"].c_str(), effects);
  }
}

}  // namespace

absl::Status PostgresStore::Transact(const std::string& organisation_id, const std::string& case_id,
                                     const Decide& decide) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto version = tx.Exec(kLock, organisation_id, case_id)[0]["version"].as<int64_t>();
    std::vector<Invitation> invitations;
    for (const auto& row : tx.Exec(kOfCase.c_str(), organisation_id, case_id)) {
      invitations.push_back(InvitationFrom(row));
    }
    ASSIGN_OR_RETURN(const std::optional<Change> change, decide(invitations));
    if (!change.has_value()) return absl::OkStatus();
    Save(tx, *change);
    OutboxCalls effects = EffectsOf(*change, version);
    if (change->kill_links_of_contact) KillLinksOfContact(tx, *change, effects);
    // Whoever reads next should find the note, the event and the contact's access as they are now.
    outbox_.Add(tx, std::move(effects), kPatience);
    return absl::OkStatus();
  });
}

absl::StatusOr<Invitation> PostgresStore::Get(const std::string& organisation_id,
                                              const std::string& case_id,
                                              const std::string& invitation_id) {
  return postgres_.Read(
      Rows::Of(organisation_id), [&](Transaction& tx) -> absl::StatusOr<Invitation> {
        const auto rows = tx.Exec(kGet.c_str(), organisation_id, case_id, invitation_id);
        if (rows.empty()) return NotFound();
        return InvitationFrom(rows[0]);
      });
}

absl::StatusOr<std::vector<Invitation>> PostgresStore::List(const std::string& organisation_id,
                                                            const std::string& case_id,
                                                            const Page& page) {
  using Result = absl::StatusOr<std::vector<Invitation>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Invitation> invitations;
    for (const auto& row :
         tx.Exec(kList.c_str(), organisation_id, case_id, page.Below("inv"), page.limit())) {
      invitations.push_back(InvitationFrom(row));
    }
    return invitations;
  });
}

absl::StatusOr<std::vector<Invitation>> PostgresStore::ListOpen(const std::string& organisation_id,
                                                                const std::string& case_id) {
  using Result = absl::StatusOr<std::vector<Invitation>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Invitation> invitations;
    for (const auto& row : tx.Exec(kListOpen.c_str(), organisation_id, case_id)) {
      invitations.push_back(InvitationFrom(row));
    }
    return invitations;
  });
}

absl::Status PostgresStore::PutAside(const std::string& organisation_id, const std::string& case_id,
                                     const std::string& aside_id, absl::Time remove_time) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(kLock, organisation_id, case_id);
    tx.Exec(
        "UPDATE invitation SET case_id = $3 WHERE organisation_id = $1 AND case_id = $2 "
        "AND create_time <= $4",
        organisation_id, case_id, aside_id, gatehouse::ToSql(remove_time));
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<Link>> PostgresStore::ListLinks(const std::string& organisation_id,
                                                           const std::string& invitation_id) {
  using Result = absl::StatusOr<std::vector<Link>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Link> links;
    for (const auto& row : tx.Exec(kListLinks.c_str(), organisation_id, invitation_id)) {
      links.push_back(LinkFrom(row));
    }
    return links;
  });
}

absl::StatusOr<FoundLink> PostgresStore::FindLink(const std::string& token_hash) {
  return postgres_.Read(Rows::OfAll(), [&](Transaction& tx) -> absl::StatusOr<FoundLink> {
    const auto rows =
        tx.Exec(kFindLink.c_str(), Bytes(token_hash), Policy::descriptor()->full_name());
    if (rows.empty()) return NotFound();
    RETURN_IF_ERROR(CheckOpen(rows[0]));
    const auto policy_in = [this, stored = StoredSettings::From(rows[0])](
                               const std::string& region) { return policies_.Of(stored, region); };
    return FoundLink{LinkFrom(rows[0]), InvitationFrom(rows[0]), policy_in, LookFrom(rows[0])};
  });
}

absl::Status PostgresStore::UseLink(const std::string& organisation_id, const std::string& link_id,
                                    const std::string& challenge_id) {
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto rows = tx.Exec(kUseLink, organisation_id, link_id, challenge_id);
    if (rows.empty()) return NotFound();
    return rows[0]["ours"].as<bool>(false) ? absl::OkStatus() : CheckLink(LinkState::kUsed);
  });
}

absl::StatusOr<State> PostgresStore::Accept(const Entry& entry, absl::Time now, const Tell& tell) {
  const std::string& id = entry.organisation_id;
  return postgres_.Write(Rows::Of(id), [&](Transaction& tx) -> absl::StatusOr<State> {
    const auto accepted =
        tx.Exec(kAccept.c_str(), id, entry.case_id, entry.invitation_id, gatehouse::ToSql(now));
    if (accepted.empty()) {
      const auto found = tx.Exec(kStateOf, id, entry.case_id, entry.invitation_id);
      if (found.empty()) return NotFound();
      return static_cast<State>(found[0]["state"].as<int>());
    }
    const auto version = accepted[0]["case_version"].as<int64_t>();
    outbox_.Add(tx, EffectsOf(tell(InvitationFrom(accepted[0])), version), kPatience);
    return State::kPending;
  });
}

absl::Status PostgresStore::SetPortal(const std::string& organisation_id,
                                      const v1::FollowPortalRequest& now) {
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(kSetPortal, organisation_id, now.enabled(), now.settings_version(),
            Bytes(now.look().SerializeAsString()));
    return absl::OkStatus();
  });
}

cases::v1::PortalLook PostgresStore::LookFrom(const pqxx::row& row) const {
  cases::v1::PortalLook look;
  if (!row["look"].is_null()) {
    look.ParseFromString(BytesFromSql(row["look"]));
    return look;
  }
  const cases::v1::PortalSettings defaults = portals_.Of(StoredSettings(), "");
  *look.mutable_colours() = defaults.colours();
  *look.mutable_languages() = defaults.languages();
  return look;
}

absl::StatusOr<cases::v1::PortalLook> PostgresStore::LookOfPortal(
    const std::string& organisation_id) {
  using Result = absl::StatusOr<cases::v1::PortalLook>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(kCheckPortal, organisation_id);
    RETURN_IF_ERROR(CheckOpen(rows[0]));
    return LookFrom(rows[0]);
  });
}

absl::Status PostgresStore::CheckPortal(const std::string& organisation_id) {
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    return CheckOpen(tx.Exec(kCheckPortal, organisation_id)[0]);
  });
}

absl::StatusOr<Policy> PostgresStore::GetPolicy(const std::string& organisation_id,
                                                const std::string& region) {
  return policies_.Get(organisation_id, region);
}

}  // namespace gatehouse::invitation
