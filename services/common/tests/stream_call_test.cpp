#include <algorithm>

#include "services/common/rpc/client.h"
#include "services/common/tests/probe_server.h"

namespace gatehouse {
namespace {

// An upload in four messages; the bytes that the server has counted, and how it ended.
absl::StatusOr<int64_t> UploadOnce(const std::shared_ptr<grpc::Channel>& channel,
                                   const std::string& credential, size_t bytes = 4 << 20) {
  ProbeStream stream(channel, "Upload", credential);
  for (int i = 0; i < 4; ++i) {
    if (!stream.WritePart(std::string(bytes / 4, 'x'))) break;
  }
  return stream.Answer();
}

absl::StatusOr<int64_t> DownloadOnce(const std::shared_ptr<grpc::Channel>& channel,
                                     const std::string& credential, int64_t bytes = 4 << 20) {
  ProbeStream stream(channel, "Download", credential);
  (void)stream.WriteTotal(bytes);
  int64_t read = 0;
  for (pb::Part part; stream.Read(part);) read += static_cast<int64_t>(part.data().size());
  RETURN_IF_ERROR(stream.Finish());
  return read;
}

TEST_CASE_METHOD(ProbeServer, "what is streamed arrives whole, both ways", "[service][no-tsan]") {
  Start();
  const auto channel = Connect();
  CHECK(UploadOnce(channel, "staff-a").value() == 4 << 20);
  CHECK(handler.seen.caller.credential_id == "a");
  CHECK(DownloadOnce(channel, "staff-a", 1'000'003).value() == 1'000'003);
  CHECK(DownloadOnce(channel, "staff-a", 0).value() == 0);
  CHECK(ReasonOf(DownloadOnce(channel, "staff-a", -1).status()) == "NOT_FOUND");
  CHECK(ReasonOf(UploadOnce(channel, "x").status()) == "CREDENTIAL_INVALID");
  CHECK(Soon([&] { return handler.log.destroyed == handler.log.begun; }));
}

TEST_CASE_METHOD(ProbeServer, "an upload that is answered early ends at once, with that answer",
                 "[service][no-tsan]") {
  Start();
  const auto channel = Connect();
  const auto end_after = [&](const std::string& word) {
    ProbeStream stream(channel, "Upload", "staff-a");
    REQUIRE(stream.WritePart(word));
    // More than any window holds, without a read that would tell of the answer.
    bool open = true;
    for (int i = 0; i < 64 && open; ++i) open = stream.WritePart(std::string(1 << 20, 'x'));
    CHECK_FALSE(open);
    pb::Total total;
    (void)stream.Read(total);
    return std::make_pair(stream.Finish(), total.bytes());
  };
  const auto [ok, bytes] = end_after("enough");
  CHECK(ok.ok());
  CHECK(bytes == 6);
  CHECK(ReasonOf(end_after("refuse").first) == "NOT_FOUND");
  const absl::Status fault = end_after("throw").first;
  CHECK(absl::IsInternal(fault));
  CHECK(fault.message() == "internal error");
  CHECK(UploadOnce(channel, "staff-a").ok());  // The connection is as good as before.
}

TEST_CASE_METHOD(ProbeServer, "a stream without a message, or with one that is none, is refused",
                 "[service][no-tsan]") {
  Start();
  const auto channel = Connect();
  ProbeStream empty(channel, "Upload", "staff-a");
  empty.WritesDone();
  CHECK(ReasonOf(empty.Finish()) == "INVALID_REQUEST");
  CHECK(absl::IsUnimplemented(ProbeStream(channel, "Nothing", "staff-a").Finish()));
  CHECK(handler.log.begun == 0);
}

TEST_CASE_METHOD(ProbeServer, "a client that vanishes leaves nothing behind",
                 "[service][no-tsan]") {
  Start();
  const auto channel = Connect();
  {
    ProbeStream upload(channel, "Upload", "staff-a");
    REQUIRE(upload.WritePart("some"));
    ProbeStream download(channel, "Download", "staff-a");
    REQUIRE(download.WriteTotal(1 << 30));
    REQUIRE(Soon([&] { return handler.log.begun == 2; }));
  }
  CHECK(Soon([&] { return handler.log.destroyed == 2; }));
  CHECK(handler.log.ended == 0);
}

// Streams that have begun and now wait for their peer: half of them uploads that send no more, half
// downloads that are not read. All on one connection, as the gateway has them.
struct Slow {
  Slow(const std::shared_ptr<grpc::Channel>& channel, int count) {
    for (int i = 0; i < count; ++i) {
      const std::string credential = "staff-slow" + std::to_string(i);
      const bool upload = i % 2 == 0;
      streams.push_back(
          std::make_unique<ProbeStream>(channel, upload ? "Upload" : "Download", credential));
      REQUIRE((upload ? streams.back()->WritePart("x") : streams.back()->WriteTotal(1 << 30)));
    }
  }
  std::vector<std::unique_ptr<ProbeStream>> streams;
};

TEST_CASE_METHOD(ProbeServer, "500 slow streams leave a normal one at most twice its time",
                 "[service][no-tsan]") {
  Start({.per_address_max = 1000, .rate_min = 0});
  const auto channel = Connect();
  const auto best = [&] {
    absl::Duration least = absl::InfiniteDuration();
    for (int i = 0; i < 9; ++i) {
      const absl::Time begin = absl::Now();
      CHECK(UploadOnce(channel, "staff-a").ok());
      CHECK(DownloadOnce(channel, "staff-a").ok());
      least = std::min(least, absl::Now() - begin);
    }
    return least;
  };
  const absl::Duration alone = best();
  const Slow slow(channel, 500);
  REQUIRE(Soon([&] { return handler.log.begun == 2 * 9 + 500; }));
  const absl::Duration beside = best();
  CAPTURE(absl::FormatDuration(alone), absl::FormatDuration(beside));
  CHECK(beside <= 2 * alone);
}

TEST_CASE_METHOD(ProbeServer, "whoever only pretends to transfer is ended by name",
                 "[service][no-tsan]") {
  Start({.rate_min = 1 << 20, .grace = absl::Milliseconds(300)});
  const auto channel = Connect();
  SECTION("an upload") {
    ProbeStream stream(channel, "Upload", "staff-a");
    REQUIRE(stream.WritePart("some"));
    CHECK(ReasonOf(stream.Finish()) == "STREAM_TOO_SLOW");
  }
  SECTION("an upload that does not even begin") {
    CHECK_FALSE(ProbeStream(channel, "Upload", "staff-a").Finish().ok());
    CHECK(handler.log.begun == 0);
    return;
  }
  SECTION("a download") {
    ProbeStream stream(channel, "Download", "staff-a");
    REQUIRE(stream.WriteTotal(1 << 30));
    CHECK(Soon([&] { return handler.log.destroyed == 1; }));
    return;
  }
  CHECK(Soon([&] { return handler.log.destroyed == 1; }));
  CHECK(handler.log.ended == 0);
  CHECK(UploadOnce(channel, "staff-a").ok());
}

TEST_CASE_METHOD(ProbeServer, "streams are shared out among credentials", "[service][no-tsan]") {
  Start({.per_credential_max = 2});
  const auto channel = Connect();
  ProbeStream first(channel, "Upload", "staff-a"), second(channel, "Upload", "staff-a");
  REQUIRE(first.WritePart("x"));
  REQUIRE(second.WritePart("x"));
  REQUIRE(Soon([&] { return handler.log.begun == 2; }));
  CHECK(ReasonOf(UploadOnce(channel, "staff-a").status()) == "TOO_MANY_STREAMS");
  CHECK(UploadOnce(channel, "staff-b").ok());
  CHECK(first.Answer().ok());
  CHECK(UploadOnce(channel, "staff-a").ok());
}

TEST_CASE_METHOD(ProbeServer, "a revocation ends the credential's streams, and commits nothing",
                 "[service][no-tsan]") {
  Start();
  const auto channel = Connect();
  ProbeStream upload(channel, "Upload", "staff-a"), download(channel, "Download", "staff-a"),
      other(channel, "Upload", "staff-b");
  REQUIRE(upload.WritePart("x"));
  REQUIRE(download.WriteTotal(1 << 30));
  REQUIRE(other.WritePart("x"));
  REQUIRE(Soon([&] { return handler.log.begun == 3; }));
  const absl::Time begin = absl::Now();
  authenticator.tell({"a"});
  CHECK(ReasonOf(upload.Finish()) == "CREDENTIAL_INVALID");
  CHECK(Soon([&] { return handler.log.destroyed == 2; }));
  CHECK(absl::Now() - begin < absl::Seconds(1));
  CHECK(handler.log.ended == 0);
  CHECK(other.Answer().value() == 1);
}

TEST_CASE_METHOD(ProbeServer, "a stream that begins under a revoked credential ends at once",
                 "[service][no-tsan]") {
  Start();
  authenticator.revoked = "a";
  CHECK(ReasonOf(UploadOnce(Connect(), "staff-a").status()) == "CREDENTIAL_INVALID");
  CHECK(handler.log.begun == 0);
}

TEST_CASE_METHOD(ProbeServer, "a revocation is acknowledged after what is being committed",
                 "[service][no-tsan]") {
  Start();
  handler.commit_takes = absl::Milliseconds(100);
  ProbeStream stream(Connect(), "Upload", "staff-a");
  REQUIRE(stream.WritePart("x"));
  stream.WritesDone();
  absl::SleepFor(absl::Milliseconds(40));
  authenticator.tell({"a"});
  const int committed = handler.log.ended;
  absl::SleepFor(absl::Milliseconds(200));
  CHECK(handler.log.ended == committed);
}

TEST_CASE_METHOD(ProbeServer, "a server that goes does not wait for streams for ever",
                 "[service][no-tsan]") {
  Start();
  const auto channel = Connect();
  ProbeStream upload(channel, "Upload", "staff-a"), download(channel, "Download", "staff-a");
  REQUIRE(upload.WritePart("x"));
  REQUIRE(download.WriteTotal(1 << 30));
  REQUIRE(Soon([&] { return handler.log.begun == 2; }));
  const absl::Time begin = absl::Now();
  running.reset();
  CHECK(absl::Now() - begin < absl::Seconds(5));
  CHECK(handler.log.destroyed == 2);
  CHECK(handler.log.ended == 0);
  CHECK_FALSE(upload.Finish().ok());
}

TEST_CASE_METHOD(ProbeServer, "streams that have nothing to give hold no thread, and go on",
                 "[service][no-tsan]") {
  Start();
  const auto channel = Connect();
  handler.well.Dry();
  std::vector<std::unique_ptr<ProbeStream>> waiting;
  for (int i = 0; i < 40; ++i) {  // More than there are threads.
    waiting.push_back(std::make_unique<ProbeStream>(channel, "Download", "staff-a"));
    REQUIRE(waiting.back()->WriteTotal(1000));
  }
  REQUIRE(Soon([&] { return handler.well.waiting() == waiting.size(); }));
  CHECK(UploadOnce(channel, "staff-b").ok());
  handler.well.Flow();
  for (const auto& stream : waiting) {
    pb::Part part;
    CHECK(stream->Read(part));
    CHECK(part.data().size() == 1000);
    CHECK_FALSE(stream->Read(part));
    CHECK(stream->Finish().ok());
  }
}

TEST_CASE_METHOD(ProbeServer,
                 "a stream that has nothing to give ends with its credential, its "
                 "client and its server",
                 "[service][no-tsan]") {
  drain = absl::Seconds(20);
  Start();
  const auto channel = Connect();
  handler.well.Dry();
  ProbeStream revoked(channel, "Download", "staff-a"), gone(channel, "Download", "staff-b"),
      left(channel, "Download", "staff-c");
  for (ProbeStream* stream : {&revoked, &gone, &left}) REQUIRE(stream->WriteTotal(1000));
  REQUIRE(Soon([&] { return handler.well.waiting() == 3; }));
  const absl::Time begin = absl::Now();
  authenticator.tell({"a"});
  CHECK(ReasonOf(revoked.Finish()) == "CREDENTIAL_INVALID");
  gone.Cancel();
  CHECK(Soon([&] { return handler.log.destroyed == 2; }));
  CHECK(absl::Now() - begin < absl::Seconds(1));
  CHECK(handler.well.waiting() == 1);
  running.reset();
  CHECK(absl::Now() - begin < absl::Seconds(5));
  CHECK(absl::IsUnavailable(left.Finish()));
}

}  // namespace
}  // namespace gatehouse
