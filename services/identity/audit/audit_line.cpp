#include "services/identity/audit/audit_line.h"

#include <nlohmann/json.hpp>

#include "services/common/base/crypto.h"

namespace gatehouse::identity {

const char kNoAuditHash[] = "0000000000000000000000000000000000000000000000000000000000000000";

std::string AuditLine(const std::string& organisation_id, int64_t number,
                      const std::string& previous_hash, const AuditEvent& event) {
  nlohmann::json line = {
      {"number", number},
      {"organisationId", organisation_id},
      {"previousHash", previous_hash},
      {"time", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", event.time, absl::UTCTimeZone())}};
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) line[name] = text;
  };
  add("auditEventId", event.audit_event_id);
  add("type", event.type);
  add("actorId", event.actor_id);
  add("actorName", event.actor_name);
  add("subjectId", event.subject_id);
  add("caseId", event.case_id);
  add("clientAddress", event.client_address);
  add("requestId", event.request_id);
  add("clientRequestId", event.client_request_id);
  if (!event.data.empty()) line["data"] = event.data;
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string AuditHash(const std::string& line) { return Hex(Sha256(line)); }

std::optional<BrokenLink> AuditWalk::Step(const AuditLink& link) {
  if (link.number != number_ + 1) return BrokenLink{number_ + 1, "", AuditBreak::kMissing};
  const std::string hash = AuditHash(AuditLine(organisation_id_, link.number, hash_, link.event));
  if (hash != link.hash) {
    return BrokenLink{link.number, link.event.audit_event_id, AuditBreak::kAltered};
  }
  number_ = link.number;
  hash_ = hash;
  return std::nullopt;
}

}  // namespace gatehouse::identity
