#include "services/documents/blobs/blob_settings.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "tests/support/settings.h"

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

TEST_CASE("a bucket needs a server and who asks it, a folder neither", "[unit]") {
  std::map<std::string, std::string> settings = {{"GATEHOUSE_BLOB_URL", "file:///var/blobs"}};
  {
    const OnlySettings only(settings);
    Environment environment;
    CHECK(BlobSettings::Read(environment).place.folder == "/var/blobs");
    CHECK(environment.Status().ok());
  }
  settings["GATEHOUSE_BLOB_OTHER_URL"] = "s3://gatehouse/a";
  {
    const OnlySettings only(settings);
    Environment environment;
    BlobSettings::Read(environment);
    const std::string mistakes(environment.Status().message());
    for (const char* name :
         {"GATEHOUSE_S3_ENDPOINT", "GATEHOUSE_S3_ACCESS_KEY", "GATEHOUSE_S3_SECRET_KEY"}) {
      CHECK(absl::StrContains(mistakes, name));
    }
  }
  settings["GATEHOUSE_S3_ENDPOINT"] = "https://s3.example:9000/";
  settings["GATEHOUSE_S3_ACCESS_KEY"] = "test:tester";
  settings["GATEHOUSE_S3_SECRET_KEY"] = "testing";
  const OnlySettings only(settings);
  Environment environment;
  const BlobSettings read = BlobSettings::Read(environment);
  CHECK(environment.Status().ok());
  CHECK(read.other->prefix == "a/");
  CHECK(read.s3.endpoint == "https://s3.example:9000");
  CHECK(read.s3.credentials.region == "us-east-1");
  CHECK(read.s3.encryption.empty());
  CHECK_FALSE(read.s3.checksums);
}

TEST_CASE("what is no setting of a bucket is named, and its value is not", "[unit]") {
  const OnlySettings only({{"GATEHOUSE_BLOB_URL", "s3://gatehouse"},
                           {"GATEHOUSE_S3_ENDPOINT", "https://user:word@s3.example"},
                           {"GATEHOUSE_S3_ACCESS_KEY", "test:tester"},
                           {"GATEHOUSE_S3_SECRET_KEY", "testing"},
                           {"GATEHOUSE_S3_ENCRYPTION", "rot13"},
                           {"GATEHOUSE_S3_CHECKSUMS", "md5"}});
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
