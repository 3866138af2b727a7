#pragma once

#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/common/rpc/server.h"
#include "services/notification/domain/store.h"
#include "services/notification/workers.h"

namespace gatehouse::notification {

namespace pb = v1;

// The RPCs of proto/gatehouse/notification/v1.
class Handler {
 public:
  // `sms` is null where no provider is set up; `sms_sender` is the number that SMS come from.
  Handler(Store& store, Workers& email, Workers* sms, std::string sms_sender)
      : store_(store), email_(email), sms_(sms), sms_sender_(std::move(sms_sender)) {}
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
  absl::StatusOr<pb::CheckSmsResponse> CheckSms(const Call& call,
                                                const pb::CheckSmsRequest& request);
  absl::StatusOr<pb::LookUpMessagesResponse> LookUpMessages(
      const Call& call, const pb::LookUpMessagesRequest& request);

 private:
  Store& store_;
  Workers& email_;
  Workers* const sms_;
  const std::string sms_sender_;
};

}  // namespace gatehouse::notification
