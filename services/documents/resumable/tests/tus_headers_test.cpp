#include "services/documents/resumable/domain/tus_headers.h"

#include <catch2/catch.hpp>

#include "gatehouse/documents/v1/uploads.pb.h"
#include "services/common/base/status.h"
#include "services/common/rpc/validate.h"
#include "services/documents/resumable/checksum.h"

namespace gatehouse::documents {
namespace {

using Metadata = std::map<std::string, std::string>;

TEST_CASE("metadata are names with base64 values, or without", "[unit]") {
  CHECK(ParseMetadata("").value().empty());
  CHECK(ParseMetadata("  ").value().empty());
  CHECK(ParseMetadata("filename YS5wZGY=").value() == Metadata{{"filename", "a.pdf"}});
  CHECK(ParseMetadata("filename YS5wZGY=,is_confidential").value() ==
        Metadata{{"filename", "a.pdf"}, {"is_confidential", ""}});
  CHECK(ParseMetadata("a YQ==, b Yg==").value() == Metadata{{"a", "a"}, {"b", "b"}});
  CHECK(ParseMetadata("name w7w=").value() == Metadata{{"name", "ü"}});
  for (const char* mistaken :
       {"a !", "a YQ==,a Yg==", ",", "a YQ==,", " ,a YQ==", "a YQ== YQ== !"}) {
    INFO(mistaken);
    CHECK(ReasonOf(ParseMetadata(mistaken).status()) == "INVALID_REQUEST");
  }
}

TEST_CASE("what is to be joined is named by its address, of the same case", "[unit]") {
  CHECK_FALSE(ParseConcat("", "deal-1")->partial);
  CHECK(ParseConcat("", "deal-1")->final_of.empty());
  CHECK(ParseConcat("partial", "deal-1")->partial);
  const auto ids = [](const std::string& header) {
    return ParseConcat(header, "deal-1").value().final_of;
  };
  using Ids = std::vector<std::string>;
  CHECK(ids("final;/v1/cases/deal-1/uploads/upl_1") == Ids{"upl_1"});
  CHECK(ids("final;/v1/cases/deal-1/uploads/upl_1 "
            "https://portal.example/v1/portal/cases/deal-1/uploads/upl_2") ==
        Ids{"upl_1", "upl_2"});
  std::string many = "final;";
  for (int i = 0; i < 64; ++i) many += " /v1/cases/deal-1/uploads/upl_" + std::to_string(i);
  CHECK(ids(many).size() == 64);
  for (const std::string& mistaken :
       {std::string("whole"), std::string("final;"), std::string("final"), std::string("partial;x"),
        std::string("final;upl_1"), std::string("final;/v1/cases/deal-2/uploads/upl_1"),
        std::string("final;/v1/cases/deal-1/uploads/"),
        std::string("final;/v1/cases/deal-1/uploads/doc_1"),
        std::string("final;/v1/cases/deal-1/uploads/upl_1/x"),
        std::string("final;/v1/cases/deal-1/uploads/upl_1 /v1/cases/deal-1/uploads/upl_1"),
        std::string("final;/v1/cases/deal-1/uploads/upl_1?x"),
        many + " /v1/cases/deal-1/uploads/upl_64"}) {
    INFO(mistaken);
    CHECK(ReasonOf(ParseConcat(mistaken, "deal-1").status()) == "INVALID_REQUEST");
  }
}

TEST_CASE("a checksum is of the bytes, by an algorithm that is known", "[unit]") {
  const std::string sha1 = "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=";  // Of "hello world".
  const std::string sha256 = "sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=";
  for (const std::string& said : {sha1, sha256}) {
    const auto checksum = Checksum::Of(said).value();
    checksum->Add("hello ");
    checksum->Add("world");
    CHECK(checksum->Check().ok());
    const auto other = Checksum::Of(said).value();
    other->Add("hello");
    CHECK(ReasonOf(other->Check()) == "UPLOAD_CHECKSUM_MISMATCH");
  }
  for (const char* unknown : {"md5 XrY7u+Ae7tCTyyK7j1rNww==", "crc32 AAAA", "SHA1 AAAA", "x"}) {
    CHECK(ReasonOf(Checksum::Of(unknown).status()) == "UPLOAD_CHECKSUM_UNKNOWN");
  }
  for (const char* mistaken :
       {"sha1", "sha1 AAAA", "sha1 !", "sha256 Kq5sNclPz7QV2+lfQIuc6R7oRu0="}) {
    CHECK(ReasonOf(Checksum::Of(mistaken).status()) == "INVALID_REQUEST");
  }
}

TEST_CASE("a length that is said later is deferred by 1, and by nothing else", "[unit]") {
  v1::CreateUploadRequest request;
  request.set_case_id("deal-1");
  for (const char* defer : {"", "1"}) {
    request.set_upload_defer_length(defer);
    CHECK(Validate(request).ok());
  }
  for (const char* defer : {"0", "2", "x", " "}) {
    INFO(defer);
    request.set_upload_defer_length(defer);
    CHECK(ReasonOf(Validate(request)) == "INVALID_REQUEST");
  }
}

}  // namespace
}  // namespace gatehouse::documents
