#include "services/notification/preferences/notice_outlet.h"

#include "services/common/base/status.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse::notification {

absl::Status NoticeOutlet::Send(const std::string& organisation_id, const Notice& notice) {
  std::string reason = "NO_ADDRESS";
  for (const Way& way : notice.ways) {
    const Kind* const kind = FindKind(way.kind);
    if (kind == nullptr) continue;
    const auto sent = submitter_.Submit({.organisation_id = organisation_id,
                                         .request_id = notice.request_id,
                                         .recipient = way.recipient,
                                         .case_id = notice.case_id,
                                         .parameters = notice.values,
                                         .attachment = notice.attachment},
                                        *kind, way.template_id, "");
    if (sent.ok()) return absl::OkStatus();
    reason = ReasonOf(sent.status());
    if (reason.empty()) return sent.status();
  }
  Count("gatehouse_notices_unsent_total", {{"reason", reason}});
  LogWarning(
      "notice.not_sent",
      {{"organisation", organisation_id}, {"notice", notice.request_id}, {"reason", reason}});
  return absl::OkStatus();
}

}  // namespace gatehouse::notification
