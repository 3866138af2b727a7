#include "services/documents/blobs/blob_settings.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "absl/strings/match.h"

namespace gatehouse::documents {
namespace {

TEST_CASE("a store is a folder or a bucket", "[unit]") {
  CHECK(BlobPlace::Parse("file:///var/blobs")->folder == "/var/blobs");
  const auto bucket = BlobPlace::Parse("s3://my-bucket");
  CHECK(bucket->folder.empty());
  CHECK(bucket->bucket == "my-bucket");
  CHECK(bucket->prefix.empty());
  for (const char* url : {"s3://my-bucket/a/b", "s3://my-bucket/a/b/"}) {
    CHECK(BlobPlace::Parse(url)->prefix == "a/b/");
  }
  CHECK(BlobPlace::Parse("s3://my-bucket/")->prefix.empty());
  for (const char* wrong : {"", "/var/blobs", "file://var", "s3://", "s3://My_Bucket", "s3://ab",
                            "s3://bucket/a b", "s3://bucket?x", "https://bucket"}) {
    INFO(wrong);
    CHECK_FALSE(BlobPlace::Parse(wrong).ok());
  }
}

// The variables of one test, gone at its end.
class Variables {
 public:
  ~Variables() {
    for (const std::string& name : names_) unsetenv(name.c_str());
  }
  void Set(const std::string& name, const std::string& value) {
    names_.push_back(name);
    setenv(name.c_str(), value.c_str(), 1);
  }

 private:
  std::vector<std::string> names_;
};

TEST_CASE("a bucket needs a server and who asks it, a folder neither", "[unit]") {
  Variables variables;
  variables.Set("GATEHOUSE_BLOB_URL", "file:///var/blobs");
  {
    Environment environment;
    CHECK(BlobSettings::Read(environment).place.folder == "/var/blobs");
    CHECK(environment.Status().ok());
  }
  variables.Set("GATEHOUSE_BLOB_OTHER_URL", "s3://gatehouse/a");
  {
    Environment environment;
    BlobSettings::Read(environment);
    const std::string mistakes(environment.Status().message());
    for (const char* name :
         {"GATEHOUSE_S3_ENDPOINT", "GATEHOUSE_S3_ACCESS_KEY", "GATEHOUSE_S3_SECRET_KEY"}) {
      CHECK(absl::StrContains(mistakes, name));
    }
  }
  variables.Set("GATEHOUSE_S3_ENDPOINT", "https://s3.example:9000/");
  variables.Set("GATEHOUSE_S3_ACCESS_KEY", "test:tester");
  variables.Set("GATEHOUSE_S3_SECRET_KEY", "testing");
  Environment environment;
  const BlobSettings settings = BlobSettings::Read(environment);
  CHECK(environment.Status().ok());
  CHECK(settings.other->prefix == "a/");
  CHECK(settings.s3.endpoint == "https://s3.example:9000");
  CHECK(settings.s3.credentials.region == "us-east-1");
  CHECK(settings.s3.encryption.empty());
  CHECK_FALSE(settings.s3.checksums);
}

TEST_CASE("what is no setting of a bucket is named, and its value is not", "[unit]") {
  Variables variables;
  variables.Set("GATEHOUSE_BLOB_URL", "s3://gatehouse");
  variables.Set("GATEHOUSE_S3_ENDPOINT", "https://user:word@s3.example");
  variables.Set("GATEHOUSE_S3_ACCESS_KEY", "test:tester");
  variables.Set("GATEHOUSE_S3_SECRET_KEY", "testing");
  variables.Set("GATEHOUSE_S3_ENCRYPTION", "rot13");
  variables.Set("GATEHOUSE_S3_CHECKSUMS", "md5");
  Environment environment;
  BlobSettings::Read(environment);
  const std::string mistakes(environment.Status().message());
  for (const char* name :
       {"GATEHOUSE_S3_ENDPOINT", "GATEHOUSE_S3_ENCRYPTION", "GATEHOUSE_S3_CHECKSUMS"}) {
    CHECK(absl::StrContains(mistakes, name));
  }
  CHECK_FALSE(absl::StrContains(mistakes, "word@"));
}

}  // namespace
}  // namespace gatehouse::documents
