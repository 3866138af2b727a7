#pragma once

#include "absl/strings/str_cat.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"
#include "services/common/rpc/client.h"
#include "services/identity/domain/sms_code.h"

namespace gatehouse::identity {

// Hands codes to the notification service.
class NotificationMessenger : public Messenger {
 public:
  explicit NotificationMessenger(Client& notification) : notification_(notification) {}

  absl::Status SendCode(const Subject& subject, const std::string& request_id, const Secret& code,
                        absl::Time expire_time) override {
    const bool by_email = subject.method == SignInMethod::kEmailCode;
    notification::v1::SubmitMessageRequest request;
    request.set_request_id(request_id);
    request.set_channel(by_email ? notification::v1::EMAIL : notification::v1::SMS);
    request.set_template_(by_email                  ? "sign-in-code-by-email"
                          : subject.purpose.empty() ? "sign-in-code"
                                                    : "signature-code");
    request.set_recipient(by_email ? subject.email : subject.mobile);
    request.set_case_id(subject.access.case_id);
    auto& parameters = *request.mutable_parameters();
    parameters["code"] = code.Reveal();
    parameters["organisation_name"] = subject.organisation_name;
    parameters["host"] = subject.portal_host;
    if (by_email) parameters["contact_name"] = subject.contact_name;
    if (!subject.purpose.empty()) parameters["purpose"] = subject.purpose;
    *request.mutable_expire_time() = gatehouse::ToProto(expire_time);
    // As long as a code waits to leave, a newer one takes its place.
    const std::string topic = absl::StrCat(subject.access.case_id, ":", subject.access.contact_id);
    request.set_topic((by_email                  ? "code-by-email:"
                       : subject.purpose.empty() ? "code:"
                                                 : "confirmation:") +
                      topic);
    const absl::Status sent = Submit(subject, request);
    if (!sent.ok() || by_email || subject.owner_email.empty()) return sent;
    request.set_request_id(request_id + ":owner");
    request.set_channel(notification::v1::EMAIL);
    request.set_template_("sign-in-code-for-owner");
    request.set_recipient(subject.owner_email);
    request.set_topic("code-for-owner:" + topic);
    parameters.erase("host");
    parameters["contact_name"] = subject.contact_name;
    const absl::Status told = Submit(subject, request);
    // What is refused is not worth the client's entry; what may recover is asked for again.
    return ReasonOf(told).empty() ? told : absl::OkStatus();
  }

 private:
  absl::Status Submit(const Subject& subject,
                      const notification::v1::SubmitMessageRequest& request) {
    return notification_
        .Call(&notification::v1::Intake_Stub::SubmitMessage, subject.organisation_id, request)
        .status();
  }

  Client& notification_;
};

}  // namespace gatehouse::identity
