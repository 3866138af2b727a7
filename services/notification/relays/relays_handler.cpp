#include "services/notification/relays/relays_handler.h"

#include <arpa/inet.h>

#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/text/sandbox.h"

namespace gatehouse::notification {
namespace {

v1::Relay ToProto(const Relay& relay) {
  v1::Relay proto;
  proto.set_relay_id(relay.channel == Channel::kSms ? "sms" : "email");
  proto.set_active(relay.active.has_value());
  proto.set_untested(relay.candidate.has_value());
  const RelayAccount& account = relay.candidate ? *relay.candidate : *relay.active;
  proto.set_url(account.url);
  proto.set_account(account.user);
  proto.set_from(account.from);
  if (relay.test_time) *proto.mutable_test_time() = gatehouse::ToProto(*relay.test_time);
  proto.set_failure(relay.failure);
  if (relay.failure_time) *proto.mutable_failure_time() = gatehouse::ToProto(*relay.failure_time);
  return proto;
}

Channel ChannelOf(const std::string& relay_id) {
  return relay_id == "sms" ? Channel::kSms : Channel::kEmail;
}

absl::Status NotAllowed() {
  return Refuse(v1::RELAY_NOT_ALLOWED, "messages cannot go by that relay");
}

// smtp://HOST:PORT → HOST
std::string HostOf(const std::string& url) {
  const size_t start = url.find("//") + 2;
  return url.substr(start, url.rfind(':') - start);
}

bool IsAddress(const std::string& host) {
  in_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

Text TestText() {
  return {"Test message",
          "This is a test message. Messages of your portal come from here from now on.\n",
          "",
          {}};
}

}  // namespace

void RelaysHandler::Register(Server& server) {
  server.Service("gatehouse.notification.v1.Relays")
      .Unary("ListRelays", *this, &RelaysHandler::ListRelays)
      .Unary("SetEmailRelay", *this, &RelaysHandler::SetEmailRelay)
      .Unary("SetSmsRelay", *this, &RelaysHandler::SetSmsRelay)
      .Unary("TestRelay", *this, &RelaysHandler::TestRelay)
      .Unary("DeleteRelay", *this, &RelaysHandler::DeleteRelay);
}

absl::StatusOr<v1::ListRelaysResponse> RelaysHandler::ListRelays(const Call& call,
                                                                 const v1::ListRelaysRequest&) {
  v1::ListRelaysResponse response;
  for (const Channel channel : {Channel::kEmail, Channel::kSms}) {
    ASSIGN_OR_RETURN(const auto relay, relays_.Find(call.caller.organisation_id, channel));
    if (relay.has_value()) *response.add_relays() = ToProto(*relay);
  }
  return response;
}

absl::StatusOr<v1::Relay> RelaysHandler::SetEmailRelay(const Call& call,
                                                       const v1::SetEmailRelayRequest& request) {
  const std::string& id = call.caller.organisation_id;
  const std::string host = HostOf(request.url());
  // A name is judged when it is connected to, since it may stand for another address by then.
  if (IsSandbox(id) || (IsAddress(host) && !targets_.MayReach(host, true))) return NotAllowed();
  ASSIGN_OR_RETURN(const Relay relay, relays_.Set(id, Channel::kEmail,
                                                  {.url = request.url(),
                                                   .user = request.user(),
                                                   .secret = Secret(request.password()),
                                                   .from = request.from()}));
  return ToProto(relay);
}

absl::StatusOr<v1::Relay> RelaysHandler::SetSmsRelay(const Call& call,
                                                     const v1::SetSmsRelayRequest& request) {
  const std::string& id = call.caller.organisation_id;
  if (!sms_) return Refuse(v1::SMS_NOT_CONFIGURED, "no SMS provider is set up");
  if (IsSandbox(id)) return NotAllowed();
  ASSIGN_OR_RETURN(const Relay relay, relays_.Set(id, Channel::kSms,
                                                  {.user = request.account(),
                                                   .secret = Secret(request.token()),
                                                   .from = request.from()}));
  return ToProto(relay);
}

absl::StatusOr<v1::Relay> RelaysHandler::TestRelay(const Call& call,
                                                   const v1::TestRelayRequest& request) {
  const std::string& id = call.caller.organisation_id;
  const Channel channel = ChannelOf(request.relay_id());
  ASSIGN_OR_RETURN(const Recipient recipient, Recipient::Parse(channel, request.recipient()));
  ASSIGN_OR_RETURN(const Relay relay, relays_.BeginTest(id, channel));
  const RelayAccount& account = relay.candidate ? *relay.candidate : *relay.active;
  const SendResult result =
      make_(channel, account)->Send({id, NewId("msg"), recipient, TestText()});
  const bool sent = result.outcome == Outcome::kSent;
  const std::string& why = result.failure.empty() ? result.detail : result.failure;
  ASSIGN_OR_RETURN(const Relay now, relays_.EndTest(id, channel, account.version, sent ? "" : why));
  if (sent) return ToProto(now);
  return WithFact(Refuse(v1::RELAY_TEST_FAILED, "the test could not be sent by the relay"),
                  "failure", why);
}

absl::StatusOr<v1::DeleteRelayResponse> RelaysHandler::DeleteRelay(
    const Call& call, const v1::DeleteRelayRequest& request) {
  RETURN_IF_ERROR(relays_.Delete(call.caller.organisation_id, ChannelOf(request.relay_id())));
  return v1::DeleteRelayResponse();
}

}  // namespace gatehouse::notification
