#include "services/common/rpc/dispatch.h"

#include "services/common/auth/standing.h"
#include "services/common/rpc/server_call.h"

#include "services/common/tests/probe_server.h"

namespace gatehouse {
namespace {

const std::string kProbe = "/gatehouse.probe.v1.Probe/";

// The rules without any transport: who calls, and whether they may.
struct Rules : ProbeServer {
  Dispatch dispatch{server, &authenticator};

  static Envelope By(const std::string& peer, const std::string& credential = "") {
    Envelope envelope;
    envelope.peer = peer;
    if (!credential.empty()) envelope.credential = Secret(credential);
    envelope.request_id = "req_theirs";
    envelope.client_address = "192.0.2.1";
    envelope.user_agent = "Browser/1";
    envelope.peer_address = "198.51.100.9";
    envelope.deadline = absl::InfiniteFuture();
    return envelope;
  }
  static Envelope OnBehalf(const std::string& peer, const std::string& organisation = "acme") {
    Envelope envelope = By(peer);
    envelope.organisation_id = organisation;
    return envelope;
  }

  // The reason of the refusal; empty where the handler would be asked.
  std::string Ask(const std::string& method, const Envelope& envelope,
                  const google::protobuf::Message& request = pb::Part()) {
    const Dispatch::Target& target = *dispatch.Find(kProbe + method);
    call = Call();
    bool must_block = false;
    absl::Status status = dispatch.Identify(envelope, target, true, call, must_block);
    CHECK_FALSE(must_block);
    if (status.ok()) status = Dispatch::Admit(target, call, request);
    return ReasonOf(status);
  }
  Call call;
};

TEST_CASE_METHOD(Rules, "a SERVICE rule names the services that may call, and no other may",
                 "[unit]") {
  CHECK(Ask("Look", OnBehalf("cases")) == "");
  CHECK(call.caller.kind == CallerKind::kService);
  CHECK(call.caller.actor_id == "cases");
  CHECK(call.caller.organisation_id == "acme");
  CHECK(Ask("Look", OnBehalf("invitation")) == "");
  CHECK(Ask("Look", OnBehalf("documents")) == "WRONG_AUDIENCE");
  CHECK(Ask("Look", OnBehalf("gateway")) == "WRONG_AUDIENCE");
  CHECK(Ask("Tell", OnBehalf("cases")) == "WRONG_AUDIENCE");
  CHECK(Ask("Tell", OnBehalf("invitation")) == "");
  for (const char* method : {"Echo", "Upload", "Download"}) {
    CHECK(Ask(method, OnBehalf("invitation")) == "WRONG_AUDIENCE");
  }
  CHECK(Ask("Enter", OnBehalf("invitation"), pb::Entry()) == "WRONG_AUDIENCE");
}

TEST_CASE_METHOD(Rules, "a call for which nobody waits any more is not begun", "[unit]") {
  const auto code = [&](const Envelope& envelope) {
    bool must_block = false;
    call = Call();
    return dispatch.Identify(envelope, *dispatch.Find(kProbe + "Tell"), true, call, must_block)
        .code();
  };
  // As after a hang: gRPC counts the time from its own first look on.
  Envelope late = OnBehalf("invitation");
  late.deadline = absl::Now() + absl::Seconds(5);
  late.caller_deadline = absl::Now() - absl::Seconds(10);
  CHECK(code(late) == absl::StatusCode::kDeadlineExceeded);
  late.deadline = absl::Now();
  late.caller_deadline = absl::InfiniteFuture();
  CHECK(code(late) == absl::StatusCode::kDeadlineExceeded);
  // The clocks of two services may differ by something.
  Envelope ahead = OnBehalf("invitation");
  ahead.caller_deadline = absl::Now() - absl::Milliseconds(300);
  CHECK(code(ahead) == absl::StatusCode::kOk);
  CHECK(call.deadline <= absl::Now() + absl::Seconds(1));
  // One that is quite wrong is no hang.
  Envelope wrong = OnBehalf("invitation");
  wrong.caller_deadline = absl::Now() - absl::Minutes(10);
  CHECK(code(wrong) == absl::StatusCode::kOk);
  CHECK(call.deadline > absl::Now() + absl::Seconds(1));
  // A stranger's word for the time is not taken.
  Envelope stranger = By(kFront);
  stranger.caller_deadline = absl::InfinitePast();
  CHECK(code(stranger) == absl::StatusCode::kOk);
}

TEST_CASE_METHOD(Rules, "a service that names no organisation is nobody", "[unit]") {
  CHECK(Ask("Look", By("cases")) == "CREDENTIAL_MISSING");
  CHECK(Ask("Open", By("gateway")) == "");
  CHECK(call.caller.kind == CallerKind::kAnonymous);
}

TEST_CASE_METHOD(Rules, "without TLS every peer passes for every service", "[unit]") {
  CHECK(Ask("Look", OnBehalf(kTrustedPeer)) == "");
  CHECK(Ask("Tell", OnBehalf(kTrustedPeer)) == "");
  CHECK(Ask("Echo", OnBehalf(kTrustedPeer)) == "WRONG_AUDIENCE");
}

TEST_CASE_METHOD(Rules, "the front has no right of its own, and what it passes on is a stranger's",
                 "[unit]") {
  CHECK(Ask("Look", OnBehalf(kFront)) == "CREDENTIAL_MISSING");
  CHECK(Ask("Tell", OnBehalf(kFront)) == "CREDENTIAL_MISSING");
  Envelope envelope = OnBehalf(kFront);
  envelope.credential = Secret("staff-a");
  CHECK(Ask("Echo", envelope) == "");
  CHECK(call.caller.organisation_id == "acme");
  CHECK(call.caller.credential_id == "a");
  CHECK(call.request_id != "req_theirs");
  CHECK(call.user_agent == "");
  CHECK(call.client_address == "192.0.2.1");
  envelope.client_address = "";
  CHECK(Ask("Echo", envelope) == "");
  CHECK(call.client_address == "198.51.100.9");
}

TEST_CASE_METHOD(Rules, "whoever has no certificate is not believed anything", "[unit]") {
  CHECK(Ask("Look", OnBehalf("")) == "CREDENTIAL_MISSING");
  Envelope envelope = OnBehalf("");
  envelope.credential = Secret("staff-a");
  CHECK(Ask("Echo", envelope) == "");
  CHECK(call.client_address == "198.51.100.9");
  CHECK(call.request_id != "req_theirs");
}

TEST_CASE_METHOD(Rules, "a request id is taken from services alone, where it is one", "[unit]") {
  CHECK(Ask("Open", By("gateway")) == "");
  CHECK(call.request_id == "req_theirs");
  CHECK(call.user_agent == "Browser/1");
  Envelope envelope = By("gateway");
  for (const std::string& id :
       {std::string(), std::string("a b"), std::string("x\"},{"), std::string(65, 'a')}) {
    envelope.request_id = id;
    CHECK(Ask("Open", envelope) == "");
    CHECK(call.request_id != id);
    CHECK(call.request_id.substr(0, 4) == "req_");
  }
}

TEST_CASE_METHOD(Rules,
                 "a principal token is good from a service that passes it on, and from nobody "
                 "else",
                 "[unit]") {
  // The head of a JWT, {"alg":"EdDSA","kid":"key_1"}: the fake says INVALID to all of them.
  const std::string token = "eyJhbGciOiJFZERTQSIsImtpZCI6ImtleV8xIn0.e30.AA";
  struct Counting : ProbeAuthenticator {
    absl::StatusOr<std::shared_ptr<const Principal>> Authenticate(const Secret&) override {
      ++asked;
      return ProbeAuthenticator::Authenticate(Secret("staff-a"));
    }
    std::shared_ptr<const Principal> Cached(const Secret&) override { return nullptr; }
    int asked = 0;
  } counting;
  dispatch = Dispatch(server, &counting);
  for (const std::string peer : {"", kFront}) {
    CHECK(Ask("Echo", By(peer, token)) == "CREDENTIAL_INVALID");
    CHECK(Ask("Open", By(peer, token)) == "CREDENTIAL_INVALID");
  }
  CHECK(counting.asked == 0);
  CHECK(Ask("Echo", By("gateway", token)) == "");
  CHECK(counting.asked == 1);
}

TEST_CASE_METHOD(Rules, "a credential goes before what else is said of the caller", "[unit]") {
  Envelope envelope = OnBehalf("cases", "other");
  envelope.credential = Secret("staff-a");
  CHECK(Ask("Look", envelope) == "WRONG_AUDIENCE");
  CHECK(Ask("Echo", envelope) == "");
  CHECK(call.caller.organisation_id == "acme");
  CHECK(Ask("Echo", By("cases", "x")) == "CREDENTIAL_INVALID");
  CHECK(Ask("Open", By("cases", "x")) == "CREDENTIAL_INVALID");
  CHECK(Ask("Echo", By("cases")) == "CREDENTIAL_MISSING");
}

TEST_CASE_METHOD(Rules, "a deadline is the nearer one, and none is too far to be read", "[unit]") {
  const auto deadline_of = [&](absl::Time asked) {
    Envelope envelope = OnBehalf("invitation");
    envelope.deadline = asked;
    CHECK(Ask("Tell", envelope) == "");
    return call.deadline - absl::Now();
  };
  CHECK(deadline_of(absl::Now() + absl::Seconds(1)) <= absl::Seconds(1));
  CHECK(deadline_of(absl::Now() + absl::Hours(1)) <= absl::Seconds(2));
  CHECK(deadline_of(absl::InfiniteFuture()) > absl::Seconds(1));
  CHECK(deadline_of(absl::InfinitePast()) < absl::ZeroDuration());
  // 99,999,999 hours, the longest `grpc-timeout` that there is: 11,408 years.
  const gpr_timespec far =
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_hours(99'999'999, GPR_TIMESPAN));
  CHECK(ToTime(far) > absl::Now() + absl::Hours(99'999'998));
  CHECK(ToTime(gpr_inf_future(GPR_CLOCK_REALTIME)) > absl::Now() + absl::Hours(99'999'999));
  CHECK(ToTime(gpr_inf_past(GPR_CLOCK_REALTIME)) < absl::Now());
  CHECK(deadline_of(ToTime(far)) > absl::Seconds(1));
}

TEST_CASE_METHOD(Rules, "a stranger's metadata has a limit, to the byte", "[unit]") {
  for (const std::string peer : {kFront, ""}) {
    Envelope envelope = By(peer);
    envelope.metadata_bytes = kMetadataMax;
    CHECK(Ask("Open", envelope) == "");
    envelope.metadata_bytes = kMetadataMax + 1;
    CHECK(Ask("Open", envelope) == "METADATA_TOO_LARGE");
  }
  // A principal of many cases is longer.
  Envelope envelope = By("gateway");
  envelope.metadata_bytes = kMetadataMax * 4;
  CHECK(Ask("Open", envelope) == "");
}

TEST_CASE_METHOD(Rules, "a client enters its cases, and all others are not there", "[unit]") {
  struct Clients : ProbeAuthenticator {
    std::shared_ptr<const Principal> Cached(const Secret&) override {
      auto made = std::make_shared<Principal>();
      made->caller.kind = CallerKind::kClient;
      made->caller.cases = {{"deal-1", "ada", "inv_1", Visibility::kOwn}};
      return made;
    }
  } clients;
  dispatch = Dispatch(server, &clients);
  pb::Entry entry;
  entry.set_case_id("deal-1");
  CHECK(Ask("Enter", By("gateway", "session"), entry) == "");
  for (const char* other : {"deal-2", "", "deal-1 ", "DEAL-1"}) {
    entry.set_case_id(other);
    CHECK(Ask("Enter", By("gateway", "session"), entry) == "NOT_FOUND");
  }
  CHECK(Ask("Echo", By("gateway", "session")) == "WRONG_AUDIENCE");
}

TEST_CASE_METHOD(Rules, "a client comes as far as its portal and the terms let it, in any service",
                 "[unit]") {
  struct Clients : ProbeAuthenticator {
    std::shared_ptr<const Principal> Cached(const Secret& secret) override {
      auto made = std::make_shared<Principal>();
      made->caller.kind = CallerKind::kClient;
      made->caller.cases = {{"deal-1", "ada", "inv_1", Visibility::kOwn}};
      if (secret.Reveal() != "in") made->caller.scopes = {secret.Reveal()};
      return made;
    }
  } clients;
  dispatch = Dispatch(server, &clients);
  pb::Entry entry;
  entry.set_case_id("deal-1");
  const auto reasons = [&](const std::string& standing) {
    return std::vector<std::string>{Ask("Enter", By("gateway", standing), entry),
                                    Ask("Read", By("gateway", standing)),
                                    Ask("Leave", By("gateway", standing))};
  };
  CHECK(reasons("in") == std::vector<std::string>{"", "", ""});
  CHECK(reasons(kTermsDue) == std::vector<std::string>{"TERMS_NOT_ACCEPTED", "", ""});
  CHECK(reasons(kPortalClosed) ==
        std::vector<std::string>{"PORTAL_DISABLED", "PORTAL_DISABLED", ""});
  // Nor does it learn then which cases there are.
  entry.set_case_id("deal-2");
  CHECK(reasons(kTermsDue)[0] == "TERMS_NOT_ACCEPTED");
}

TEST_CASE("what stands before an RPC for clients is among the reasons that it declares", "[unit]") {
  const auto declares = [](const char* method, const char* reason) {
    return FindMethodRules(std::string("gatehouse.probe.v1.Probe/") + method)
               ->reasons.count(reason) != 0;
  };
  CHECK((declares("Enter", "PORTAL_DISABLED") && declares("Enter", "TERMS_NOT_ACCEPTED")));
  CHECK((declares("Read", "PORTAL_DISABLED") && !declares("Read", "TERMS_NOT_ACCEPTED")));
  CHECK((!declares("Leave", "PORTAL_DISABLED") && !declares("Leave", "TERMS_NOT_ACCEPTED")));
  CHECK((!declares("Echo", "PORTAL_DISABLED") && !declares("Open", "PORTAL_DISABLED")));
}

TEST_CASE_METHOD(Rules, "where identity must be asked, a thread that may not block asks nobody",
                 "[unit]") {
  struct Forgetful : ProbeAuthenticator {
    std::shared_ptr<const Principal> Cached(const Secret&) override { return nullptr; }
  } forgetful;
  dispatch = Dispatch(server, &forgetful);
  bool must_block = false;
  CHECK(dispatch
            .Identify(By("gateway", "staff-a"), *dispatch.Find(kProbe + "Echo"), false, call,
                      must_block)
            .ok());
  CHECK(must_block);
  CHECK(call.caller.kind == CallerKind::kAnonymous);
  CHECK(Ask("Echo", By("gateway", "staff-a")) == "");
}

TEST_CASE_METHOD(Rules, "a method is found by its exact name", "[unit]") {
  CHECK(dispatch.Find(kProbe + "Echo") != nullptr);
  for (const char* name : {"/gatehouse.probe.v1.Probe/echo", "gatehouse.probe.v1.Probe/Echo",
                           "/gatehouse.probe.v1.Probe/Echo/", "//gatehouse.probe.v1.Probe/Echo",
                           "/gatehouse.cases.v1.Cases/GetCase", "/", ""}) {
    CHECK(dispatch.Find(name) == nullptr);
  }
}

TEST_CASE_METHOD(Rules, "what was revoked begins nothing", "[unit]") {
  Caller caller;
  caller.credential_id = "a";
  CHECK(dispatch.CheckNotRevoked(caller).ok());
  authenticator.revoked = "a";
  CHECK(ReasonOf(dispatch.CheckNotRevoked(caller)) == "CREDENTIAL_INVALID");
  CHECK(Dispatch(server, nullptr).CheckNotRevoked(caller).ok());
}

}  // namespace
}  // namespace gatehouse
