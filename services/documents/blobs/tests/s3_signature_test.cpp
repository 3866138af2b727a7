// Amazon's own examples: "Signature Calculations for the Authorization Header".

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "services/common/base/crypto.h"
#include "services/documents/blobs/s3/signature.h"
#include "services/documents/blobs/s3/xml.h"

namespace gatehouse::documents {
namespace {

const absl::Time kThen = absl::FromCivil(absl::CivilSecond(2013, 5, 24), absl::UTCTimeZone());

std::string Signature(S3Signed request, const std::string& body = "") {
  const S3Credentials credentials = {"AKIAIOSFODNN7EXAMPLE", "us-east-1",
                                     Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")};
  request.payload_sha256 = Hex(Sha256(body));
  request.headers["host"] = "examplebucket.s3.amazonaws.com";
  request.headers["x-amz-content-sha256"] = request.payload_sha256;
  request.headers["x-amz-date"] = S3Date(kThen);
  const std::string header = SignS3(credentials, request, kThen);
  CHECK(absl::StrContains(header, "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"));
  return header.substr(header.rfind('=') + 1);
}

TEST_CASE("a request is signed as Amazon's examples are", "[unit]") {
  CHECK(Signature({.method = "GET", .path = "/test.txt", .headers = {{"range", "bytes=0-9"}}}) ==
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  CHECK(Signature({.method = "PUT",
                   .path = EncodeS3("/test$file.text", true),
                   .headers = {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
                               {"x-amz-storage-class", "REDUCED_REDUNDANCY"}}},
                  "Welcome to Amazon S3.") ==
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  CHECK(Signature({.method = "GET", .path = "/", .query = S3Query({{"lifecycle", ""}})}) ==
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  CHECK(
      Signature(
          {.method = "GET", .path = "/", .query = S3Query({{"prefix", "J"}, {"max-keys", "2"}})}) ==
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST_CASE("a path keeps its slashes, a parameter does not", "[unit]") {
  CHECK(EncodeS3("a/ü b+(c)'*:@,~.pdf", true) == "a/%C3%BC%20b%2B%28c%29%27%2A%3A%40%2C~.pdf");
  CHECK(S3Query({{"uploadId", "a/b="}, {"partNumber", "1"}}) == "partNumber=1&uploadId=a%2Fb%3D");
}

TEST_CASE("of an answer's XML the texts are read", "[unit]") {
  const std::string xml =
      "<?xml version='1.0'?><R><U><K>a &amp;lt; b</K></U><U><K>c</K></U><E>open";
  CHECK(AllInside(xml, "U").size() == 2);
  CHECK(XmlText(Inside(AllInside(xml, "U")[0], "K")) == "a &lt; b");
  CHECK(Inside(xml, "E").empty());
  CHECK(Inside("", "E").empty());
  CHECK(EscapeXml("\"a&b\"<") == "\"a&amp;b\"&lt;");
}

}  // namespace
}  // namespace gatehouse::documents
