// What a server that speaks S3 does amiss, and what becomes of it.

#include "absl/strings/match.h"
#include "services/common/base/caller.h"
#include "services/common/base/status.h"
#include "services/common/observe/metrics.h"
#include "services/documents/blobs/tests/s3_process.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

struct OneBucket : StrictS3 {
  S3Settings settings = TestS3(url());
  S3Blobs blobs{settings, "gatehouse", ""};
  const std::string large = Numbers(2 * S3Blobs::kPartBytes + 17);

  OneBucket() { REQUIRE(blobs.Mark("store_1").ok()); }
  nlohmann::json Object(const std::string& id) {
    return State()["objects"]["gatehouse/blobs/acme/" + id];
  }
};

TEST_CASE_METHOD(OneBucket, "what may pass is tried again, and nobody notices", "[service]") {
  for (const char* fault : {"unavailable", "slow-down", "close", "lost-answer"}) {
    INFO(fault);
    for (const char* method : {"PUT", "POST", "HEAD"}) Fault(method, "acme", fault, 2);
    REQUIRE(Keep(blobs, "doc_small", "hello").ok());
    for (const char* method : {"PUT", "POST", "HEAD"}) Fault(method, "acme", fault, 2);
    REQUIRE(Keep(blobs, "doc_large", large).ok());
    Fault("GET", "acme", fault, 2);
    CHECK((Kept(blobs, "doc_large").value() == large));
    CHECK(Kept(blobs, "doc_small").value() == "hello");
    Fault("DELETE", "acme", fault, 2);
    CHECK(blobs.Remove("acme", "doc_small").ok());
    CHECK(Object("doc_small").is_null());
  }
}

TEST_CASE_METHOD(OneBucket, "half an object is asked for again", "[service]") {
  REQUIRE(Keep(blobs, "doc_1", large).ok());
  for (const char* fault : {"half", "short"}) {
    Fault("GET", "acme", fault, 2);
    CHECK((Kept(blobs, "doc_1").value() == large));
  }
}

TEST_CASE_METHOD(OneBucket, "an upload whose end was not answered is there after all",
                 "[service]") {
  Fault("POST", "uploadId", "lost-answer");
  REQUIRE(Keep(blobs, "doc_1", large).ok());
  CHECK((Kept(blobs, "doc_1").value() == large));
  CHECK(State()["uploads"] == 0);
}

TEST_CASE_METHOD(OneBucket, "parts that a store has lost are sent again", "[service]") {
  for (const char* fault : {"lose-part", "forget"}) {
    INFO(fault);
    Fault("POST", "uploadId", fault);
    REQUIRE(Keep(blobs, "doc_1", large).ok());
    CHECK((Kept(blobs, "doc_1").value() == large));
    CHECK(State()["uploads"] == 0);
  }
  // Twice is too often.
  Fault("POST", "uploadId", "lose-part", 2);
  CHECK(ReasonOf(Keep(blobs, "doc_2", large)) == "STORAGE_UNAVAILABLE");
  CHECK(Object("doc_2").is_null());
  CHECK(State()["uploads"] == 0);
}

TEST_CASE_METHOD(OneBucket, "a bucket that is full says so at once", "[service]") {
  Fault("PUT", "acme", "full");
  CHECK(ReasonOf(Keep(blobs, "doc_1", "hello")) == "STORAGE_FULL");
  Fault("PUT", "partNumber", "full");
  CHECK(ReasonOf(Keep(blobs, "doc_1", large)) == "STORAGE_FULL");
  CHECK(State()["uploads"] == 0);
  Fault("PUT", "incoming", "full");
  CHECK(blobs.Ready().ok());  // Downloads go on.
}

TEST_CASE_METHOD(OneBucket, "who is turned away does not insist", "[service]") {
  REQUIRE(Keep(blobs, "doc_1", "hello").ok());
  const int before = Requests();
  Fault("HEAD", "acme", "denied", 9);
  CHECK(ReasonOf(blobs.Read("acme", "doc_1").status()) == "STORAGE_UNAVAILABLE");
  CHECK(Requests() == before + 1);
  settings.credentials.secret_key = Secret("wrong");
  S3Blobs stranger(settings, "gatehouse", "");
  CHECK(ReasonOf(stranger.Ready()) == "STORAGE_UNAVAILABLE");
  CHECK(ReasonOf(stranger.Read("acme", "doc_1").status()) == "STORAGE_UNAVAILABLE");
}

TEST_CASE_METHOD(OneBucket, "a bucket that is gone is away, and says nothing of its blobs",
                 "[service]") {
  REQUIRE(Keep(blobs, "doc_1", "hello").ok());
  for (const char* how : {"remove", "make"}) {  // None, and another one by its name.
    Bucket("gatehouse", how);
    CHECK(ReasonOf(blobs.Read("acme", "doc_1").status()) == "STORAGE_UNAVAILABLE");
    CHECK(ReasonOf(blobs.Write("acme", "doc_2").status()) == "STORAGE_UNAVAILABLE");
    CHECK(ReasonOf(blobs.Remove("acme", "doc_1")) == "STORAGE_UNAVAILABLE");
    CHECK(ReasonOf(blobs.Ready()) == "STORAGE_UNAVAILABLE");
  }
}

TEST_CASE_METHOD(OneBucket, "nobody waits longer than the call has time", "[service]") {
  REQUIRE(Keep(blobs, "doc_1", "hello").ok());
  Fault("HEAD", "acme", "unavailable", 1000);
  Call call;
  call.deadline = absl::Now() + absl::Milliseconds(300);
  const CallScope scope(call);
  const absl::Time begin = absl::Now();
  CHECK(ReasonOf(blobs.Read("acme", "doc_1").status()) == "STORAGE_UNAVAILABLE");
  CHECK(absl::Now() - begin < absl::Seconds(2));
}

TEST_CASE_METHOD(OneBucket, "a server that says nothing is left after a while", "[service]") {
  settings.stall = absl::Seconds(1);
  settings.patience = absl::Seconds(2);
  S3Blobs impatient(settings, "gatehouse", "");
  Fault("HEAD", "acme", "hang", 9);
  const absl::Time begin = absl::Now();
  CHECK(ReasonOf(impatient.Read("acme", "doc_1").status()) == "STORAGE_UNAVAILABLE");
  CHECK(absl::Now() - begin < absl::Seconds(5));
}

TEST_CASE_METHOD(OneBucket, "what was not committed leaves no upload behind", "[service]") {
  REQUIRE(blobs.Write("acme", "doc_1").value()->Append(large).ok());
  CHECK(State()["uploads"] == 0);
}

TEST_CASE_METHOD(OneBucket, "uploads that nobody ended are ended, and those of now are not",
                 "[service]") {
  S3Blobs elsewhere(settings, "gatehouse", "other/");
  REQUIRE(elsewhere.Mark("store_2").ok());
  const auto neighbour = elsewhere.Write("acme", "doc_1").value();
  REQUIRE(neighbour->Append(large).ok());
  for (int i = 0; i < 5; ++i) {  // More than a page of them.
    Fault("DELETE", "uploadId", "denied");
    REQUIRE(blobs.Write("acme", absl::StrCat("doc_", i)).value()->Append(large).ok());
  }
  CHECK(State()["uploads"] == 6);
  CHECK(blobs.RemoveAbandoned(absl::Now() - absl::Hours(2)).ok());
  CHECK(State()["uploads"] == 6);
  CHECK(blobs.RemoveAbandoned(absl::Now() + absl::Hours(2)).ok());
  CHECK(State()["uploads"] == 1);
  CHECK(neighbour->Commit().ok());
}

TEST_CASE_METHOD(OneBucket, "encryption and checksums are asked for where the settings say so",
                 "[service]") {
  const auto bears = [&](const std::string& id, const std::string& header) {
    return Object(id)["headers"].contains(header);
  };
  const std::string kEncryption = "x-amz-server-side-encryption";
  for (const std::string& bytes : {std::string("hello"), large}) {
    REQUIRE(Keep(blobs, "doc_plain", bytes).ok());
    CHECK(Object("doc_plain")["headers"].empty());
    settings.encryption = "AES256";
    settings.checksums = true;
    S3Blobs more(settings, "gatehouse", "");
    REQUIRE(Keep(more, "doc_more", bytes).ok());
    CHECK(Object("doc_more")["headers"][kEncryption] == "AES256");
    CHECK((bears("doc_more", "x-amz-checksum-sha256") ||
           bears("doc_more", "x-amz-checksum-algorithm")));
    CHECK((Kept(more, "doc_more").value() == bytes));
  }
}

TEST_CASE_METHOD(OneBucket, "how a bucket is can be seen", "[service]") {
  REQUIRE(blobs.Ready().ok());
  CHECK(absl::StrContains(MetricsText(), "gatehouse_storage_available 1"));
  Fault("GET", "store", "denied");
  CHECK_FALSE(blobs.Ready().ok());
  CHECK(absl::StrContains(MetricsText(), "gatehouse_storage_available 0"));
}

TEST_CASE_METHOD(OneBucket, "where nothing can be spooled, nothing is written", "[service]") {
  settings.spool = "/proc/gatehouse";
  S3Blobs nowhere(settings, "gatehouse", "");
  CHECK(ReasonOf(nowhere.Write("acme", "doc_1").status()) == "STORAGE_UNAVAILABLE");
}

}  // namespace
}  // namespace gatehouse::documents
