#include <catch2/catch.hpp>

#include "services/gateway/backend.h"
#include "services/gateway/tests/gateway_fixture.h"

// Ready means: send me what I can serve.
namespace gatehouse::gateway {
namespace {

constexpr absl::Duration kPatience = absl::Milliseconds(700);

std::string AddressOfNobody() {
  FakeService gone;
  const std::string address = gone.address();
  gone.Stop();
  return address;
}

TEST_CASE("a gateway is ready while one service can be reached", "[service][no-tsan]") {
  FakeService cases;
  const std::string nobody = AddressOfNobody();
  for (const char* there : {"cases", "identity", "documents"}) {
    std::map<std::string, std::string> addresses = {
        {"cases", nobody}, {"documents", nobody}, {"identity", nobody}};
    addresses[there] = cases.address();
    CAPTURE(there);
    CHECK(Backend(addresses, nullptr).Ready(kPatience).ok());
  }
}

TEST_CASE("a gateway that begins is ready once it reached all, or had the time to",
          "[service][no-tsan]") {
  FakeService cases, documents;
  Backend beginning({{"cases", cases.address()}, {"documents", AddressOfNobody()}}, nullptr);
  CHECK(absl::IsUnavailable(beginning.Ready(kPatience, absl::Hours(1))));
  CHECK(beginning.Ready(kPatience, absl::Milliseconds(1)).ok());
  Backend whole({{"cases", cases.address()}, {"documents", documents.address()}}, nullptr);
  CHECK(whole.Ready(kPatience, absl::Hours(1)).ok());
  documents.Stop();
  CHECK(whole.Ready(kPatience, absl::Hours(1)).ok());
}

TEST_CASE("a gateway that reaches nobody is not ready, and within its patience",
          "[service][no-tsan]") {
  const std::string nobody = AddressOfNobody();
  Backend backend({{"cases", nobody}, {"documents", nobody}}, nullptr);
  const absl::Time begin = absl::Now();
  CHECK(absl::IsUnavailable(backend.Ready(kPatience)));
  CHECK(absl::Now() - begin < 2 * kPatience);
}

TEST_CASE("a gateway is ready again once a service is back", "[service][no-tsan]") {
  auto cases = std::make_unique<FakeService>();
  const std::string nobody = AddressOfNobody();
  Backend backend({{"cases", cases->address()}, {"documents", nobody}}, nullptr);
  CHECK(backend.Ready(kPatience).ok());
  cases->Stop();
  // Its connection's end is told by gRPC's own threads.
  absl::Status status;
  for (int look = 0; look < 20 && (status = backend.Ready(absl::ZeroDuration())).ok(); ++look) {
    absl::SleepFor(absl::Milliseconds(50));
  }
  CHECK(absl::IsUnavailable(status));
}

TEST_CASE_METHOD(GatewayFixture, "the page /readyz says so, and says it to HEAD too",
                 "[service][no-tsan]") {
  Start();
  CHECK(StatusOf(Get("/readyz")) == 200);
  CHECK(StatusOf(Get("/readyz", "", "HEAD")) == 200);
  service.Stop();
  std::string answer;
  for (int look = 0; look < 20 && StatusOf(answer = Get("/readyz")) == 200; ++look) {
    absl::SleepFor(absl::Milliseconds(50));
  }
  CHECK(StatusOf(answer) == 503);
  CHECK(answer.find("Retry-After: ") != std::string::npos);
  // Alive all the same: nobody should restart it.
  CHECK(StatusOf(Get("/healthz")) == 200);
}

}  // namespace
}  // namespace gatehouse::gateway
