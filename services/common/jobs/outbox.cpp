#include "services/common/jobs/outbox.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "absl/strings/str_split.h"
#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/identity/v1/organisations.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/common/base/caller.h"
#include "services/common/base/random.h"
#include "services/common/jobs/gathering.h"

namespace gatehouse {
namespace {

// gatehouse.cases.v1.CaseDirectory/AddNote → cases
std::string ServiceOf(absl::string_view method) {
  const std::vector<std::string> parts = absl::StrSplit(method, '.');
  return parts.size() > 1 ? parts[1] : "";
}

// Of what comes often, the RPC that takes several.
std::map<std::string, std::string> ManyOf() {
  using Audit = identity::v1::AuditIntake_Stub;
  using Cases = cases::v1::CaseDirectory_Stub;
  using Notification = notification::v1::Intake_Stub;
  return {{NameOf(&Audit::RecordAuditEvent), NameOf(&Audit::RecordAuditEvents)},
          {NameOf(&Cases::AddNote), NameOf(&Cases::AddNotes)},
          {NameOf(&Cases::SetContactPortal), NameOf(&Cases::SetContactPortals)},
          {NameOf(&Notification::PublishEvent), NameOf(&Notification::PublishEvents)}};
}

Jobs::Options LanesOf(Outbox::Options options) {
  Jobs::Options jobs = {.key = std::move(options.key), .lanes = {}};
  for (const auto& [name, client] : options.services) {
    LaneOptions lane;
    auto start = [client = client](const auto&... call) { client->Start(call...); };
    const auto calls = std::make_shared<Gathering>(start, ManyOf(), lane.timeout);
    lane.work = [calls](const Job& job, Jobs::Done done) { calls->Do(job, std::move(done)); };
    jobs.lanes[name] = std::move(lane);
  }
  return jobs;
}

}  // namespace

void OutboxCalls::Add(absl::string_view method, const google::protobuf::Message& request,
                      const std::string& order_key) {
  const std::string id = NewId("out");
  const std::unique_ptr<google::protobuf::Message> named(request.New());
  named->CopyFrom(request);
  const auto* field = named->GetDescriptor()->FindFieldByName("request_id");
  std::string scratch;
  if (field != nullptr &&
      named->GetReflection()->GetStringReference(*named, field, &scratch).empty()) {
    named->GetReflection()->SetString(named.get(), field, id);
  }
  jobs_.push_back({.organisation_id = organisation_id_,
                   .lane = ServiceOf(method),
                   .kind = std::string(method),
                   .id = id,
                   .payload = named->SerializeAsString(),
                   .key = order_key,
                   .traceparent = Call::Current().trace.Traceparent()});
}

void OutboxCalls::AddJob(const std::string& lane, const std::string& kind,
                         const std::string& payload, absl::Time due_time) {
  jobs_.push_back({.organisation_id = organisation_id_,
                   .lane = lane,
                   .kind = kind,
                   .id = NewId("job"),
                   .payload = payload,
                   .due_time = due_time,
                   .traceparent = Call::Current().trace.Traceparent()});
}

Outbox::Outbox(Postgres& postgres, Options options)
    : jobs_(postgres, LanesOf(std::move(options))) {}

void Outbox::Add(Transaction& transaction, OutboxCalls calls, absl::Duration patience) {
  const std::vector<int64_t> numbers = jobs_.Add(transaction, std::move(calls.jobs_));
  if (numbers.empty() || patience <= absl::ZeroDuration()) return;
  transaction.AfterCommit([this, numbers, patience] { jobs_.WaitFor(numbers, patience); });
}

}  // namespace gatehouse
