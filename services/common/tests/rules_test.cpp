#include <google/protobuf/descriptor.h>

#include <catch2/catch.hpp>

#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/identity/v1/organisations.pb.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "gatehouse/invitation/v1/passwords.pb.h"
#include "google/rpc/status.pb.h"
#include "services/common/auth/jwt.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/process/config.h"
#include "services/common/rpc/reflection.h"
#include "services/common/rpc/server.h"
#include "services/common/rpc/validate.h"

namespace gatehouse {
namespace {

cases::v1::PutCaseRequest Good() {
  cases::v1::PutCaseRequest request;
  request.set_case_id("deal-1");
  request.set_display_name("Smith purchase");
  request.add_contacts()->set_contact_id("ada");
  return request;
}

TEST_CASE("all services of ours that are linked in are known by name", "[unit]") {
  // A message of theirs links a file's services in.
  gatehouse::cases::v1::Case::descriptor();
  const std::vector<std::string> services = LinkedServices();
  CHECK(std::is_sorted(services.begin(), services.end()));
  CHECK(std::count(services.begin(), services.end(), "gatehouse.cases.v1.Cases") == 1);
  CHECK(std::count(services.begin(), services.end(), "gatehouse.identity.v1.Organisations") == 1);
  CHECK(std::count(services.begin(), services.end(), "grpc.health.v1.Health") == 0);
}

TEST_CASE("a request is checked against its fields' rules, all of them at once", "[unit]") {
  CHECK(Validate(Good()).ok());
  auto bad = Good();
  bad.set_case_id("../etc");
  bad.set_display_name("");
  bad.mutable_contacts(0)->set_role("lower case" + std::string(200, 'x'));
  const absl::Status status = Validate(bad);
  CHECK(ReasonOf(status) == "INVALID_REQUEST");
  const std::string wire = ToRpcStatus(status).SerializeAsString();
  CHECK(wire.find("case_id") != std::string::npos);
  CHECK(wire.find("display_name") != std::string::npos);
  CHECK(wire.find("contacts[0].role") != std::string::npos);
  CHECK(wire.find("lower case") == std::string::npos);
}

TEST_CASE("an id is what a CRM may choose, and never a path", "[unit]") {
  for (const char* id :
       {"a", "A.b-c_9", "0123456789012345678901234567890123456789012345678901234567890123"}) {
    auto request = Good();
    request.set_case_id(id);
    CHECK(Validate(request).ok());
  }
  for (const char* id : {".", "..", "a/b", "a b", "a\nb", "é",
                         "01234567890123456789012345678901234567890123456789012345678901234"}) {
    auto request = Good();
    request.set_case_id(id);
    CHECK_FALSE(Validate(request).ok());
  }
}

TEST_CASE("lists, text and formats are bounded", "[unit]") {
  auto many = Good();
  for (int i = 0; i < 201; ++i) many.add_contacts()->set_contact_id("c");
  CHECK_FALSE(Validate(many).ok());
  auto long_name = Good();
  long_name.set_display_name(std::string(1001, 'x'));
  CHECK_FALSE(Validate(long_name).ok());
  identity::v1::CreateOrganisationRequest organisation;
  organisation.set_organisation_id("acme");
  organisation.set_display_name("Acme");
  organisation.set_region("AU");
  organisation.set_time_zone("Australia/Sydney");
  organisation.set_portal_url("https://portal.acme.example");
  CHECK(Validate(organisation).ok());
  for (const char* name : {"a\x1b[2J", " ", "\u200b"}) {
    organisation.set_display_name(name);
    CHECK_FALSE(Validate(organisation).ok());
  }
  organisation.set_display_name("Acme");
  for (const char* zone : {"Mars/Olympus", "localtime", "posixrules", "../localtime"}) {
    INFO(zone);
    organisation.set_time_zone(zone);
    CHECK_FALSE(Validate(organisation).ok());
  }
  organisation.set_time_zone("UTC");
  organisation.set_portal_url("javascript:alert(1)");
  CHECK_FALSE(Validate(organisation).ok());
}

TEST_CASE("a text that is required has something to see, unless it is a secret", "[unit]") {
  for (const char* text : {"", " ", "\r\n\t", "\u200b\u2060", "\u3164", "\ufeff", "\u00a0"}) {
    INFO("'" << text << "'");
    cases::v1::CreateNoteRequest note;
    note.set_case_id("deal-1");
    note.set_text(text);
    const absl::Status status = Validate(note);
    CHECK(ReasonOf(status) == "INVALID_REQUEST");
    CHECK(ToRpcStatus(status).SerializeAsString().find("is required") != std::string::npos);
    note.set_text(std::string(text) + "called Ada\n");
    CHECK(Validate(note).ok());
  }
  invitation::v1::CreatePasswordRequest password;
  password.set_token("token");
  password.set_password(std::string(15, ' '));
  CHECK(Validate(password).ok());
  auto nameless = Good();  // The mirror takes what a CRM has.
  nameless.set_display_name(" ");
  CHECK(Validate(nameless).ok());
  nameless.set_display_name("");
  CHECK_FALSE(Validate(nameless).ok());
}

TEST_CASE("a service with an RPC that declares no access refuses to start", "[unit]") {
  // gRPC's own reflection knows nothing of our options.
  Server server("probe");
  server.Service("grpc.reflection.v1alpha.ServerReflection");
  google::protobuf::DescriptorPool::generated_pool();
  struct Handler {
    absl::StatusOr<cases::v1::Case> Get(const Call&, const cases::v1::GetCaseRequest&) {
      return cases::v1::Case();
    }
  } handler;
  server.Service("grpc.reflection.v1alpha.ServerReflection")
      .Unary("ServerReflectionInfo", handler, &Handler::Get);
  const absl::Status status = server.Check();
  CHECK_FALSE(status.ok());
  CHECK(std::string(status.message()).find("declares no access") != std::string::npos);
  CHECK_FALSE(RunningServer::Start(server, {.listen = "127.0.0.1:0"}).ok());
}

TEST_CASE("a service whose RPC has no handler, or another shape, refuses to start", "[unit]") {
  struct Handler {
    absl::StatusOr<cases::v1::Case> Get(const Call&, const cases::v1::PutCaseRequest&) {
      return cases::v1::Case();
    }
  } handler;
  Server server("probe");
  server.Service("gatehouse.cases.v1.Cases").Unary("GetCase", handler, &Handler::Get);
  const std::string mistakes(server.Check().message());
  CHECK(mistakes.find("GetCase has another shape") != std::string::npos);
  CHECK(mistakes.find("Cases/PutCase has no handler") != std::string::npos);
}

TEST_CASE("a fault loses its text on the wire, and a refusal keeps its own", "[unit]") {
  CHECK(ToRpcStatus(absl::InternalError("password=hunter2")).message() == "internal error");
  const absl::Status refusal =
      WithFact(Refuse(identity::v1::CODE_WRONG, "try again"), "attemptsLeft", "4");
  const absl::Status back = FromRpcStatus(ToRpcStatus(refusal));
  CHECK(ReasonOf(back) == "CODE_WRONG");
  CHECK(FactsOf(back)["attemptsLeft"] == "4");
}

TEST_CASE("what is sealed opens only under its key and context", "[unit]") {
  const Secret key(RandomBytes(32));
  const std::string sealed = Seal(key, "outbox", "hello");
  CHECK(Open(key, "outbox", sealed).value() == "hello");
  CHECK_FALSE(Open(key, "other", sealed).ok());
  CHECK_FALSE(Open(Secret(RandomBytes(32)), "outbox", sealed).ok());
  CHECK_FALSE(Open(key, "outbox", sealed.substr(0, sealed.size() - 1)).ok());
  CHECK_FALSE(Open(key, "outbox", "").ok());
}

TEST_CASE("ids sort by the time they were made, and tokens are 256 bits", "[unit]") {
  const std::string first = NewId("inv");
  CHECK(first.substr(0, 4) == "inv_");
  CHECK(first.size() == 30);
  CHECK(RandomToken().size() == 43);
  CHECK(RandomToken() != RandomToken());
}

TEST_CASE("settings report every mistake at once and never a value", "[unit]") {
  setenv("PROBE_NUMBER", "seven-secret", 1);
  Environment environment;
  (void)environment.Text("PROBE_MISSING");
  (void)environment.Number("PROBE_NUMBER", 1, 0, 10);
  const std::string mistakes(environment.Status().message());
  CHECK(mistakes.find("PROBE_MISSING") != std::string::npos);
  CHECK(mistakes.find("PROBE_NUMBER") != std::string::npos);
  CHECK(mistakes.find("seven-secret") == std::string::npos);
}

}  // namespace
}  // namespace gatehouse
