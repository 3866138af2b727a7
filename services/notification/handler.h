#pragma once

#include <optional>
#include <string>

#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/common/rpc/server.h"
#include "services/notification/domain/store.h"
#include "services/notification/publisher.h"
#include "services/notification/submitter.h"
#include "services/notification/templates/templates_handler.h"

namespace gatehouse::notification {

namespace pb = v1;

// The RPCs of proto/gatehouse/notification/v1.
class Handler {
 public:
  // `sms_sender` is the number that SMS come from; nothing where no provider is set up.
  Handler(Store& store, Publisher& publisher, Submitter& submitter, Templates& templates,
          const TemplatesHandler::Rules& rules, std::optional<std::string> sms_sender)
      : store_(store),
        publisher_(publisher),
        submitter_(submitter),
        templates_(templates),
        rules_(rules),
        sms_sender_(std::move(sms_sender)) {}
  void Register(Server& server);

  absl::StatusOr<pb::Balance> GetBalance(const Call& call, const pb::GetBalanceRequest& request);
  absl::StatusOr<pb::Balance> PurchaseCredits(const Call& call,
                                              const pb::PurchaseCreditsRequest& request);
  absl::StatusOr<pb::ListEntriesResponse> ListEntries(const Call& call,
                                                      const pb::ListEntriesRequest& request);
  absl::StatusOr<pb::ListMessagesResponse> ListMessages(const Call& call,
                                                        const pb::ListMessagesRequest& request);
  absl::StatusOr<pb::ListEventsResponse> ListEvents(const Call& call,
                                                    const pb::ListEventsRequest& request);
  absl::StatusOr<pb::SubmitMessageResponse> SubmitMessage(const Call& call,
                                                          const pb::SubmitMessageRequest& request);
  absl::StatusOr<pb::PublishEventResponse> PublishEvent(const Call& call,
                                                        const pb::PublishEventRequest& request);
  absl::StatusOr<pb::PublishEventsResponse> PublishEvents(const Call& call,
                                                          const pb::PublishEventsRequest& request);
  absl::StatusOr<pb::CheckSmsResponse> CheckSms(const Call& call,
                                                const pb::CheckSmsRequest& request);
  absl::StatusOr<pb::CheckTemplateResponse> CheckTemplate(const Call& call,
                                                          const pb::CheckTemplateRequest& request);
  absl::StatusOr<pb::LookUpMessagesResponse> LookUpMessages(
      const Call& call, const pb::LookUpMessagesRequest& request);

 private:
  Store& store_;
  Publisher& publisher_;
  Submitter& submitter_;
  Templates& templates_;
  const TemplatesHandler::Rules& rules_;
  const std::optional<std::string> sms_sender_;
};

}  // namespace gatehouse::notification
