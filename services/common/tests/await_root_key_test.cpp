#include "services/common/service/await_root_key.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "absl/time/clock.h"
#include "services/common/base/random.h"
#include "services/common/postgres/root_key.h"
#include "tests/support/test_database.h"

namespace gatehouse {
namespace {

TEST_CASE("a process whose secret key is a wrong one waits, and goes on when it is right",
          "[service][no-tsan]") {
  TestDatabase database("probe", WithCommon({}));
  const Secret right(RandomBytes(32)), wrong(RandomBytes(32));
  const auto root_key = LoadRootKey(database.postgres(), {right});
  REQUIRE(root_key.ok());
  ServiceConfig config;
  config.postgres = database.options();
  config.listen = "localhost:0";
  config.secret_keys = {wrong};
  std::atomic<bool> done = false;
  std::optional<int> code = 7;
  std::thread process([&] {
    code = AwaitRootKey(config);
    done = true;
  });
  absl::SleepFor(absl::Milliseconds(800));
  CHECK_FALSE(done);
  // Somebody who knows both seals it under that one.
  REQUIRE(LoadRootKey(database.postgres(), {wrong, right}).ok());
  process.join();
  CHECK_FALSE(code.has_value());
  CHECK(config.root_key.Reveal() == root_key->Reveal());
}

}  // namespace
}  // namespace gatehouse
