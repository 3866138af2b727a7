#include "services/common/rpc/server.h"
#include "gatehouse/common/v1/reasons.pb.h"

#include <grpc/support/log.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "gatehouse/cases/v1/cases.pb.h"
#include "google/rpc/code.pb.h"
#include "google/rpc/status.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "services/common/auth/auth.h"
#include "services/common/base/random.h"
#include "services/common/observe/metrics.h"
#include "services/common/rpc/channel.h"
#include "services/common/tests/probe_server.h"
#include "tests/support/places.h"

namespace gatehouse {
namespace {

// Knows one credential.
class FakeAuthenticator : public Authenticator {
 public:
  absl::StatusOr<std::shared_ptr<const Principal>> Authenticate(const Secret& secret) override {
    if (secret.Reveal() == "staff") return principal;
    return Refuse(common::v1::CREDENTIAL_INVALID, "no");
  }
  std::shared_ptr<const Principal> Cached(const Secret&) override { return nullptr; }

  const std::shared_ptr<const Principal> principal = [] {
    auto made = std::make_shared<Principal>();
    made->caller.kind = CallerKind::kStaff;
    made->caller.organisation_id = "acme";
    made->caller.scopes = {"cases.read"};
    return made;
  }();
};

struct PortalHandler {
  absl::StatusOr<cases::v1::ListPortalCasesResponse> List(
      const Call&, const cases::v1::ListPortalCasesRequest&) {
    return cases::v1::ListPortalCasesResponse();
  }
  absl::StatusOr<cases::v1::PortalCase> Get(const Call&, const cases::v1::GetPortalCaseRequest&) {
    return cases::v1::PortalCase();
  }
};

struct DirectoryHandler {
  absl::StatusOr<cases::v1::LookUpCaseResponse> LookUp(const Call& call,
                                                       const cases::v1::LookUpCaseRequest&) {
    seen = call;
    if (sleep > absl::ZeroDuration()) absl::SleepFor(sleep);
    return cases::v1::LookUpCaseResponse();
  }
  absl::StatusOr<cases::v1::AddNoteResponse> Add(const Call&, const cases::v1::AddNoteRequest&) {
    return absl::InternalError("password=hunter2");
  }
  absl::StatusOr<cases::v1::AddNotesResponse> AddAll(const Call&,
                                                     const cases::v1::AddNotesRequest&) {
    return cases::v1::AddNotesResponse();
  }
  absl::StatusOr<cases::v1::SetContactPortalResponse> Set(
      const Call&, const cases::v1::SetContactPortalRequest&) {
    return cases::v1::SetContactPortalResponse();
  }
  absl::StatusOr<cases::v1::SetContactPortalsResponse> SetAll(
      const Call&, const cases::v1::SetContactPortalsRequest&) {
    return cases::v1::SetContactPortalsResponse();
  }
  Call seen;
  absl::Duration sleep;
};

struct Fixture {
  FakeAuthenticator authenticator;
  PortalHandler portal;
  DirectoryHandler directory;
  Server server{"probe"};
  std::unique_ptr<RunningServer> running;

  std::string Start(std::unique_ptr<Tls> tls = nullptr) {
    server.Service("gatehouse.cases.v1.PortalCases")
        .Unary("ListPortalCases", portal, &PortalHandler::List)
        .Unary("GetPortalCase", portal, &PortalHandler::Get);
    server.Service("gatehouse.cases.v1.CaseDirectory")
        .Unary("LookUpCase", directory, &DirectoryHandler::LookUp)
        .Unary("AddNote", directory, &DirectoryHandler::Add)
        .Unary("AddNotes", directory, &DirectoryHandler::AddAll)
        .Unary("SetContactPortal", directory, &DirectoryHandler::Set)
        .Unary("SetContactPortals", directory, &DirectoryHandler::SetAll);
    ServerOptions options;
    options.listen = "localhost:0";
    options.tls = std::move(tls);
    options.authenticator = &authenticator;
    auto started = RunningServer::Start(server, std::move(options));
    INFO(started.status().ToString());
    REQUIRE(started.ok());
    running = *std::move(started);
    return "localhost:" + std::to_string(running->port());
  }

  static std::string LookUp(const std::string& case_id = "deal-1") {
    cases::v1::LookUpCaseRequest request;
    request.set_case_id(case_id);
    return request.SerializeAsString();
  }

  using Metadata = std::vector<std::pair<std::string, std::string>>;
  static absl::Status Raw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                          const std::string& bytes, const Metadata& metadata) {
    grpc::CompletionQueue queue;
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
    for (const auto& [name, value] : metadata) context.AddMetadata(name, value);
    grpc::GenericStub stub(channel);
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer buffer(&slice, 1);
    grpc::ByteBuffer answer;
    grpc::Status status;
    auto call = stub.PrepareUnaryCall(&context, "/" + method, buffer, &queue);
    call->StartCall();
    call->Finish(&answer, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    call.reset();
    return FromGrpc(status);
  }
};

const char kLookUp[] = "gatehouse.cases.v1.CaseDirectory/LookUpCase";
const char kList[] = "gatehouse.cases.v1.PortalCases/ListPortalCases";

TEST_CASE("a call that a server cancels because it is going may be repeated", "[unit]") {
  const absl::Status cancelled = FromGrpc(grpc::Status(grpc::StatusCode::CANCELLED, "CANCELLED"));
  CHECK(MayCallAgain(cancelled, false));
  CHECK(absl::IsUnavailable(UnlessCancelled(cancelled)));
  CHECK(MayCallAgain(absl::UnavailableError("away"), true));
  CHECK_FALSE(MayCallAgain(absl::UnavailableError("away"), false));
  google::rpc::Status refusal = ToRpcStatus(Refuse(common::v1::NOT_FOUND, "no"));
  refusal.set_code(google::rpc::UNAVAILABLE);
  CHECK_FALSE(MayCallAgain(FromRpcStatus(refusal), true));
}

TEST_CASE_METHOD(Fixture, "a call is authorised and validated before its handler",
                 "[service][no-tsan]") {
  const auto channel = grpc::CreateChannel(Start(), grpc::InsecureChannelCredentials());
  const Metadata service = {{"gatehouse-organisation", "acme"}};
  CHECK(Raw(channel, kLookUp, LookUp(), service).ok());
  CHECK(directory.seen.caller.organisation_id == "acme");
  CHECK(directory.seen.caller.kind == CallerKind::kService);
  CHECK(ReasonOf(Raw(channel, kLookUp, LookUp(), {})) == "CREDENTIAL_MISSING");
  CHECK(ReasonOf(Raw(channel, kLookUp, LookUp(), {{"authorization", "Bearer x"}})) ==
        "CREDENTIAL_INVALID");
  // Whoever brings a credential is that, whatever else is said.
  CHECK(ReasonOf(Raw(channel, kLookUp, LookUp(),
                     {{"authorization", "Bearer staff"}, {"gatehouse-organisation", "x"}})) ==
        "WRONG_AUDIENCE");
  CHECK(ReasonOf(Raw(channel, kList, "", service)) == "WRONG_AUDIENCE");
  CHECK(ReasonOf(Raw(channel, kLookUp, LookUp("../x"), service)) == "INVALID_REQUEST");
  CHECK(ReasonOf(Raw(channel, kLookUp, "\xff\xff\xff", service)) == "INVALID_REQUEST");
  CHECK(absl::IsUnimplemented(Raw(channel, "gatehouse.cases.v1.Cases/Nothing", "", service)));
}

TEST_CASE_METHOD(Fixture, "no service is registered twice", "[service][no-tsan]") {
  static std::atomic<int> complaints = 0;
  gpr_set_log_function([](gpr_log_func_args* line) {
    if (std::strstr(line->message, "duplicate registration") != nullptr) ++complaints;
  });
  Start();
  gpr_set_log_function(nullptr);
  CHECK(complaints == 0);
}

TEST_CASE_METHOD(Fixture, "a fault is shown as an internal error and nothing more",
                 "[service][no-tsan]") {
  const auto channel = grpc::CreateChannel(Start(), grpc::InsecureChannelCredentials());
  cases::v1::AddNoteRequest note;
  note.set_request_id("r");
  note.set_case_id("deal-1");
  note.set_text("t");
  note.set_author("a");
  const absl::Status fault = Raw(channel, "gatehouse.cases.v1.CaseDirectory/AddNote",
                                 note.SerializeAsString(), {{"gatehouse-organisation", "acme"}});
  CHECK(absl::IsInternal(fault));
  CHECK(fault.message() == "internal error");
}

TEST_CASE_METHOD(Fixture, "messages and metadata have limits, and a call has its deadline",
                 "[service][no-tsan]") {
  const std::string address = Start();
  const auto channel = MakeChannel(address, nullptr);
  const Metadata service = {{"gatehouse-organisation", "acme"}};
  CHECK(absl::IsResourceExhausted(Raw(channel, kLookUp, std::string(5 << 20, 'x'), service)));
  Metadata flood = service;
  flood.emplace_back("x-flood", std::string(64 << 10, 'x'));
  CHECK_FALSE(Raw(channel, kLookUp, LookUp(), flood).ok());
  // The flood may cost its sender the connection, and nobody else anything.
  CHECK(Raw(MakeChannel(address, nullptr), kLookUp, LookUp(), service).ok());
  CHECK(directory.seen.deadline <= absl::Now() + absl::Seconds(5));
}

TEST_CASE_METHOD(Fixture, "what runs may end while the server drains", "[service][no-tsan]") {
  const auto channel = grpc::CreateChannel(Start(), grpc::InsecureChannelCredentials());
  directory.sleep = absl::Milliseconds(500);
  absl::Status status = absl::UnknownError("");
  std::thread caller([&] {
    status = Raw(channel, kLookUp, LookUp(), {{"gatehouse-organisation", "acme"}});
  });
  absl::SleepFor(absl::Milliseconds(200));
  running.reset();
  caller.join();
  CHECK(status.ok());
}

TEST_CASE_METHOD(Fixture, "a certificate says which service calls, and without one nobody does",
                 "[service][no-tsan]") {
  const std::filesystem::path root =
      std::filesystem::temp_directory_path() / NewId("gatehouse-tls");
  const std::string make =
      "tests/support/certificates.sh " + root.string() + " cases invitation documents front";
  std::filesystem::current_path(InSource(""));
  REQUIRE(std::system(make.c_str()) == 0);
  const auto tls_of = [&](const char* name) {
    return std::make_unique<Tls>(Tls{(root / name).string()});
  };
  const std::string address = Start(tls_of("cases"));
  const Metadata service = {{"gatehouse-organisation", "acme"},
                            {"gatehouse-client-address", "9.9.9.9"}};
  const std::string set = "gatehouse.cases.v1.CaseDirectory/SetContactPortal";

  CHECK(Raw(MakeChannel(address, tls_of("invitation")), kLookUp, LookUp(), service).ok());
  CHECK(directory.seen.caller.actor_id == "invitation");
  CHECK(directory.seen.client_address == "9.9.9.9");
  const auto documents = MakeChannel(address, tls_of("documents"));
  CHECK(Raw(documents, kLookUp, LookUp(), service).ok());
  CHECK(ReasonOf(Raw(documents, set, "", service)) == "WRONG_AUDIENCE");

  // What the front passes on: a stranger, from an address that it knows.
  const auto front = MakeChannel(address, tls_of("front"));
  CHECK(ReasonOf(Raw(front, kLookUp, LookUp(), service)) == "CREDENTIAL_MISSING");
  CHECK(ReasonOf(Raw(front, kList, "", {{"authorization", "Bearer staff"}})) == "WRONG_AUDIENCE");

  // A CRM that knows our CA and has no certificate: the handshake ends it.
  std::ifstream file(root / "ca.crt");
  grpc::SslCredentialsOptions options;
  options.pem_root_certs.assign(std::istreambuf_iterator<char>(file), {});
  const auto stranger = grpc::CreateChannel(address, grpc::SslCredentials(options));
  CHECK(absl::IsUnavailable(Raw(stranger, kLookUp, LookUp(), service)));
  CHECK(absl::IsUnavailable(Raw(stranger, kList, "", {{"authorization", "Bearer staff"}})));
  std::filesystem::remove_all(root);
}

TEST_CASE_METHOD(ProbeServer,
                 "a service says whether a trace is sampled; for a stranger nobody does",
                 "[service][no-tsan]") {
  const std::filesystem::path root =
      std::filesystem::temp_directory_path() / NewId("gatehouse-tls");
  std::filesystem::current_path(InSource(""));
  const std::string make =
      "tests/support/certificates.sh " + root.string() + " cases invitation front";
  REQUIRE(std::system(make.c_str()) == 0);
  const auto tls_of = [&](const char* name) {
    return std::make_unique<Tls>(Tls{(root / name).string()});
  };
  Start({}, tls_of("cases"));
  RecordSpans([](const SpanRecord&) {}, 0);
  const std::string trace = "0af7651916cd43dd8448eb211c80319c";
  for (const char* peer : {"invitation", "front"}) {
    CHECK(Fixture::Raw(MakeChannel(address, tls_of(peer)), "gatehouse.probe.v1.Probe/Open", "",
                       {{"traceparent", "00-" + trace + "-b7ad6b7169203331-01"}})
              .ok());
    CHECK(handler.seen.trace.trace_id == trace);
    CHECK(handler.seen.trace.sampled == (std::string(peer) == "invitation"));
  }
  RecordSpans(nullptr, 0);
  std::filesystem::remove_all(root);
}

TEST_CASE_METHOD(Fixture, "without TLS a server is reached from its own machine only",
                 "[service][no-tsan]") {
  for (const char* listen : {"0.0.0.0:0", "[::]:0", "10.0.0.1:0", "example.com:0", ":0"}) {
    ServerOptions options;
    options.listen = listen;
    CHECK(absl::IsFailedPrecondition(RunningServer::Start(server, std::move(options)).status()));
  }
}

TEST_CASE_METHOD(Fixture, "a certificate that was replaced is used without a restart",
                 "[service][no-tsan]") {
  const std::filesystem::path root =
      std::filesystem::temp_directory_path() / NewId("gatehouse-tls");
  std::filesystem::current_path(InSource(""));
  const auto make = [&](const std::string& folder) {
    const std::string command =
        "tests/support/certificates.sh " + (root / folder).string() + " cases invitation";
    REQUIRE(std::system(command.c_str()) == 0);
  };
  make("old");
  make("new");
  const std::filesystem::path used = root / "used";
  const auto use = [&](const char* folder) {
    // As a secret's volume changes: all files at once.
    std::filesystem::remove(root / "next");
    std::filesystem::create_directory_symlink(root / folder / "cases", root / "next");
    std::filesystem::rename(root / "next", used);
  };
  const auto caller = [&](const char* folder) {
    return std::make_unique<Tls>(Tls{(root / folder / "invitation").string()});
  };
  const Metadata service = {{"gatehouse-organisation", "acme"}};
  use("old");
  const std::string address = Start(std::make_unique<Tls>(Tls{used.string(), absl::Seconds(1)}));
  CHECK(Raw(MakeChannel(address, caller("old")), kLookUp, LookUp(), service).ok());
  CHECK_FALSE(Raw(MakeChannel(address, caller("new")), kLookUp, LookUp(), service).ok());
  use("new");
  absl::SleepFor(absl::Seconds(3));
  CHECK(Raw(MakeChannel(address, caller("new")), kLookUp, LookUp(), service).ok());
  CHECK_FALSE(Raw(MakeChannel(address, caller("old")), kLookUp, LookUp(), service).ok());
  std::filesystem::remove_all(root);
}

TEST_CASE_METHOD(Fixture, "the last good certificate stays while its successor is unusable",
                 "[service][no-tsan]") {
  const std::filesystem::path root =
      std::filesystem::temp_directory_path() / NewId("gatehouse-tls");
  std::filesystem::current_path(InSource(""));
  const std::string make = "tests/support/certificates.sh " + root.string() + " cases invitation";
  REQUIRE(std::system(make.c_str()) == 0);
  const auto tls_of = [&](const char* name) {
    return std::make_unique<Tls>(Tls{(root / name).string()});
  };
  const Metadata service = {{"gatehouse-organisation", "acme"}};
  const std::string address =
      Start(std::make_unique<Tls>(Tls{(root / "cases").string(), absl::Seconds(1)}));
  const auto calls = [&] {
    return Raw(MakeChannel(address, tls_of("invitation")), kLookUp, LookUp(), service).ok();
  };
  const auto shows = [](const char* text) { return absl::StrContains(MetricsText(), text); };
  CHECK(calls());
  CHECK(shows("gatehouse_certificate_unusable 0"));
  // The key of somebody else: each file is good by itself.
  const auto key = root / "cases" / "tls.key", kept = root / "kept.key";
  std::filesystem::rename(key, kept);
  std::filesystem::copy_file(root / "invitation" / "tls.key", key);
  absl::SleepFor(absl::Milliseconds(2500));
  CHECK(calls());
  CHECK(shows("gatehouse_certificate_unusable 1"));
  std::filesystem::rename(kept, key);
  absl::SleepFor(absl::Milliseconds(1500));
  CHECK(calls());
  CHECK(shows("gatehouse_certificate_unusable 0"));
  std::filesystem::remove_all(root);
}

TEST_CASE_METHOD(Fixture, "who is leaving is not ready, alive, and serves", "[service][no-tsan]") {
  const std::string address = Start();
  const auto channel = MakeChannel(address, nullptr);
  const auto health = [&](const char* name) {
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(name);
    Client client(address, nullptr);
    return client.Call(&grpc::health::v1::Health_Stub::Check, "", request).value().status();
  };
  using Response = grpc::health::v1::HealthCheckResponse;
  CHECK(health("") == Response::SERVING);
  running->StopBeingReady();
  CHECK(health("") == Response::NOT_SERVING);
  CHECK(health("gatehouse.cases.v1.PortalCases") == Response::NOT_SERVING);
  CHECK(health("liveness") == Response::SERVING);
  CHECK(Raw(channel, kLookUp, LookUp(), {{"gatehouse-organisation", "acme"}}).ok());
}

}  // namespace
}  // namespace gatehouse
