#include <catch2/catch.hpp>

#include "gatehouse/notification/v1/notifications.pb.h"
#include "gatehouse/notification/v1/preferences.pb.h"
#include "services/common/rpc/validate.h"
#include "services/gateway/tests/fake_service.h"
#include "services/identity/notice_job.h"

// By which ways a client is told of a change of what she signs in with.

namespace gatehouse::identity {
namespace {

const char kSubmit[] = "gatehouse.notification.v1.Intake/SubmitMessage";
const char kTell[] = "gatehouse.notification.v1.Telling/TellContact";

struct Noticing {
  gateway::FakeService fake;
  Client client{fake.address(), nullptr};
  Noticing() {
    fake.Set(kSubmit, {.reads = 1});
    fake.Set(kTell, {.reads = 1});
  }
  static FactorNotice Of(NoticeKind kind, const std::string& mobile) {
    return {.kind = kind,
            .subject = {.organisation_id = "acme",
                        .mobile = mobile,
                        .email = "ada@example.com",
                        .contact_name = "Ada",
                        .access = {.case_id = "deal-1", .contact_id = "ada"}},
            .organisation_name = "Acme"};
  }
  // The kinds of what was asked for, by its way.
  std::string Told(const FactorNotice& notice) {
    NoticeWork(client)(NoticeJob(notice), [](const absl::Status& done) { CHECK(done.ok()); });
    std::string told;
    for (const auto& call : fake.seen()) {
      if (call.method == kTell) {
        notification::v1::TellContactRequest request;
        CHECK((request.ParseFromString(call.first) && Validate(request).ok()));
        told +=
            request.action() + " to " + request.contact_id() + " of " + request.case_id() + "; ";
        continue;
      }
      notification::v1::SubmitMessageRequest request;
      CHECK((request.ParseFromString(call.first) && Validate(request).ok()));
      told += request.template_() + " to " + request.recipient() + "; ";
    }
    return told;
  }
};

TEST_CASE_METHOD(Noticing,
                 "of new recovery codes a client hears by e-mail and by SMS, to the "
                 "number that her case has",
                 "[service][no-tsan]") {
  CHECK(Told(Of(NoticeKind::kRecoveryCodesMade, "")) ==
        "recovery-codes-made to ada@example.com; recovery-codes-made to ada of deal-1; ");
}

TEST_CASE_METHOD(Noticing, "of a used one by both, to the number that the challenge was for",
                 "[service][no-tsan]") {
  CHECK(Told(Of(NoticeKind::kRecoveryCodeUsed, "+61412345678")) ==
        "recovery-code-used to ada@example.com; recovery-code-used-by-sms to +61412345678; ");
}

}  // namespace
}  // namespace gatehouse::identity
