#include "services/common/rpc/client.h"

#include "services/common/tests/probe_server.h"

namespace gatehouse {
namespace {

using Probe = pb::Probe_Stub;

struct Fixture : ProbeServer {
  Fixture() { Start(); }
  static pb::Part PartOf(const std::string& data) {
    pb::Part part;
    part.set_data(data);
    return part;
  }
};

TEST_CASE("the name of an RPC follows from its stub", "[unit]") {
  CHECK(NameOf(&Probe::Look) == "gatehouse.probe.v1.Probe/Look");
  CHECK(NameOf(&Probe::Tell) == "gatehouse.probe.v1.Probe/Tell");
}

TEST_CASE_METHOD(Fixture, "a call is answered, on behalf of an organisation",
                 "[service][no-tsan]") {
  Client client(address, nullptr);
  CHECK(client.Call(&Probe::Look, "acme", PartOf("hello")).value().data() == "hello");
  CHECK(handler.seen.caller.kind == CallerKind::kService);
  CHECK(handler.seen.caller.organisation_id == "acme");
}

TEST_CASE_METHOD(Fixture, "a refusal comes back as the service made it", "[service][no-tsan]") {
  Client client(address, nullptr);
  const absl::Status refused = client.Call(&Probe::Look, "acme", PartOf("refuse")).status();
  CHECK(refused.code() == absl::StatusCode::kInvalidArgument);
  CHECK(ReasonOf(refused) == "TAG_MISSING");
  CHECK(FactsOf(refused)["why"] == "it");
  CHECK(handler.asked == 1);
  const absl::Status fault = client.Call(&Probe::Look, "acme", PartOf("fault")).status();
  CHECK(absl::IsInternal(fault));
  CHECK(fault.message() == "internal error");
}

TEST_CASE_METHOD(Fixture, "a page that is larger than a message may be has fewer rows",
                 "[service][no-tsan]") {
  Client client(address, nullptr);
  pb::Rows request;
  request.set_page_size(1000);
  int rows = 0;
  do {
    const auto page = client.Call(&Probe::List, "acme", request);
    REQUIRE(page.ok());
    CHECK(page->rows_size() < 4);
    rows += page->rows_size();
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  CHECK(rows == 10);
  handler.row_bytes = 1000;
  CHECK(client.Call(&Probe::List, "acme", request)->rows_size() == 10);
}

TEST_CASE_METHOD(Fixture, "that a service may not call is no refusal of whoever called it",
                 "[service][no-tsan]") {
  Client client(address, nullptr);
  const absl::Status refused = client.Call(&Probe::Echo, "acme", PartOf("hello")).status();
  CHECK(absl::IsUnavailable(refused));
  CHECK(ReasonOf(refused).empty());
  CHECK(handler.asked == 0);
}

TEST_CASE_METHOD(Fixture, "what is harmless to repeat is repeated, and nothing else",
                 "[service][no-tsan]") {
  Client client(address, nullptr);
  CHECK(client.Call(&Probe::Look, "acme", PartOf("away")).ok());
  CHECK(handler.asked == 2);
  handler.asked = 0;
  CHECK(absl::IsUnavailable(client.Call(&Probe::Tell, "acme", PartOf("away")).status()));
  CHECK(handler.asked == 1);
}

TEST_CASE_METHOD(Fixture, "look-ups that do not need one another are under way at once",
                 "[service][no-tsan]") {
  Client client(address, nullptr);
  REQUIRE(client.Call(&Probe::Look, "acme", PartOf("warm")).ok());
  const absl::Time begin = absl::Now();
  std::vector<Future<pb::Part>> answers;
  for (int i = 0; i < 4; ++i) answers.push_back(client.Ask(&Probe::Look, "acme", PartOf("300")));
  for (Future<pb::Part>& answer : answers) CHECK(answer.Get().value().data() == "300");
  CHECK(absl::Now() - begin < absl::Milliseconds(900));
}

TEST_CASE_METHOD(Fixture, "an answer that nobody waits for hurts nobody", "[service][no-tsan]") {
  Client client(address, nullptr);
  { const auto unheard = client.Ask(&Probe::Look, "acme", PartOf("50")); }
  CHECK(client.Call(&Probe::Look, "acme", PartOf("100")).ok());
}

TEST_CASE_METHOD(Fixture, "the current call's deadline bounds what is called for it",
                 "[service][no-tsan]") {
  Client client(address, nullptr);
  Call call;
  call.deadline = absl::Now() + absl::Milliseconds(200);
  const CallScope scope(call);
  const absl::Time begin = absl::Now();
  CHECK(absl::IsDeadlineExceeded(client.Call(&Probe::Look, "acme", PartOf("2000")).status()));
  CHECK(absl::Now() - begin < absl::Milliseconds(1500));
}

TEST_CASE_METHOD(Fixture, "the current call's id, address and browser travel along",
                 "[service][no-tsan]") {
  Client client(address, nullptr);
  Call call;
  call.request_id = "req_1";
  call.client_address = "192.0.2.1";
  call.user_agent = "Browser/1 (caf\xc3\xa9)\t";
  const CallScope scope(call);
  REQUIRE(client.Call(&Probe::Look, "acme", PartOf("x")).ok());
  CHECK(handler.seen.request_id == "req_1");
  CHECK(handler.seen.client_address == "192.0.2.1");
  CHECK(handler.seen.user_agent == "Browser/1 (caf\xc3\xa9)\t");
  CHECK(handler.seen.deadline <= absl::Now() + absl::Seconds(5));
}

TEST_CASE_METHOD(Fixture, "who is called learns by when, as a point in time",
                 "[service][no-tsan]") {
  Client client(address, nullptr);
  Call call;
  call.deadline = absl::Now() + absl::Seconds(2);
  const CallScope scope(call);
  REQUIRE(client.Call(&Probe::Tell, "acme", PartOf("x")).ok());
  CHECK(handler.seen.deadline <= call.deadline + absl::Seconds(1));
}

TEST_CASE("a service that is not there is unavailable, in time", "[service][no-tsan]") {
  Client client("localhost:1", nullptr);
  Call call;
  call.deadline = absl::Now() + absl::Seconds(1);
  const CallScope scope(call);
  const absl::Time begin = absl::Now();
  const absl::Status status = client.Call(&Probe::Look, "acme", {}).status();
  CHECK((absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)));
  CHECK(absl::Now() - begin < absl::Seconds(3));
}

TEST_CASE_METHOD(Fixture, "many threads call at once", "[service][no-tsan]") {
  Client client(address, nullptr);
  std::atomic<int> ok = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 100; ++n) {
        ok += client.Call(&Probe::Look, "acme", PartOf("x" + std::to_string(n))).ok() ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(ok == 800);
}

}  // namespace
}  // namespace gatehouse
