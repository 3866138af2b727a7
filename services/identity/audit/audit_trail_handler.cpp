#include "services/identity/audit/audit_trail_handler.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

namespace gatehouse::identity {
namespace {

using Part = v1::ExportAuditTrailResponse;

constexpr size_t kPart = 256 << 10;  // Of a line there may be more.

// The lines up to the row that was the latest at the beginning.
class AuditLines : public Source<Part> {
 public:
  AuditLines(PostgresAuditChain& chain, std::string organisation_id, int64_t number,
             std::string hash, int64_t end)
      : chain_(chain),
        organisation_id_(std::move(organisation_id)),
        number_(number),
        hash_(std::move(hash)),
        end_(end) {}

  absl::StatusOr<bool> Next(Part& part) override {
    if (lines_.empty()) RETURN_IF_ERROR(Read());
    if (!begun_) {
      part.set_content_type("application/jsonl");
      part.set_content_disposition("attachment; filename=\"audit-trail.jsonl\"");
    } else if (lines_.empty()) {
      return false;
    }
    begun_ = true;
    part.set_data(lines_.substr(0, kPart));
    lines_.erase(0, kPart);
    return true;
  }

 private:
  absl::Status Read() {
    const int most = static_cast<int>(std::min<int64_t>(kAuditRead, end_ - number_));
    if (most <= 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<AuditLink> links,
                     chain_.List(organisation_id_, number_, most));
    for (const AuditLink& link : links) {
      if (link.number > end_) break;
      // What is kept of the row before, right or wrong: the reader finds it out.
      lines_ += AuditLine(organisation_id_, link.number, hash_, link.event) + "\n";
      number_ = link.number;
      hash_ = link.hash;
    }
    return absl::OkStatus();
  }

  PostgresAuditChain& chain_;
  const std::string organisation_id_;
  int64_t number_;
  std::string hash_;
  const int64_t end_;
  std::string lines_;  // That were read, and have not left.
  bool begun_ = false;
};

v1::AuditVerification ToProto(const AuditVerification& found) {
  v1::AuditVerification proto;
  proto.set_first_number(found.first_number);
  proto.set_last_number(found.last_number);
  proto.set_last_hash(found.last_hash);
  proto.set_head_number(found.head_number);
  proto.set_waiting(found.waiting);
  if (found.broken_link.has_value()) {
    v1::BrokenAuditLink& broken = *proto.mutable_broken_link();
    broken.set_number(found.broken_link->number);
    broken.set_audit_event_id(found.broken_link->audit_event_id);
    broken.set_kind(static_cast<v1::AuditBreak>(found.broken_link->kind));
  }
  return proto;
}

}  // namespace

void AuditTrailHandler::Register(Server& server) {
  server.Service("gatehouse.identity.v1.AuditTrail")
      .Unary("VerifyAuditTrail", *this, &AuditTrailHandler::VerifyAuditTrail)
      .Download("ExportAuditTrail", *this, &AuditTrailHandler::ExportAuditTrail);
}

absl::StatusOr<v1::AuditVerification> AuditTrailHandler::VerifyAuditTrail(
    const Call& call, const v1::VerifyAuditTrailRequest& request) {
  ASSIGN_OR_RETURN(const AuditVerification found,
                   identity::VerifyAuditTrail(chain_, call.caller.organisation_id,
                                              request.after_number(), request.after_hash()));
  return ToProto(found);
}

absl::StatusOr<std::unique_ptr<Source<Part>>> AuditTrailHandler::ExportAuditTrail(
    const Call& call, const v1::ExportAuditTrailRequest& request) {
  const std::string& id = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const AuditHead head, chain_.FindHead(id));
  int64_t after = head.anchor_number;
  std::string hash = head.anchor_hash;
  if (request.after_number() > after) {
    ASSIGN_OR_RETURN(const std::vector<AuditLink> links,
                     chain_.List(id, request.after_number() - 1, 1));
    after = request.after_number();
    if (!links.empty()) hash = links[0].hash;
  }
  return std::make_unique<AuditLines>(chain_, id, after, hash, head.number);
}

}  // namespace gatehouse::identity
