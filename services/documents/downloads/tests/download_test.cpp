#include <catch2/catch.hpp>

#include "services/common/base/status.h"
#include "services/documents/downloads/domain/download.h"

namespace gatehouse::documents {
namespace {

TEST_CASE("a download is offered under its name in two ways", "[unit]") {
  CHECK(AttachmentOf("payslip.pdf") == "attachment; filename=\"payslip.pdf\"");
  CHECK(AttachmentOf("März \"1\".pdf") ==
        "attachment; filename=\"M_rz _1_.pdf\"; filename*=UTF-8''M%C3%A4rz%20%221%22.pdf");
  CHECK(AttachmentOf("履歴.pdf") ==
        "attachment; filename=\"__.pdf\"; filename*=UTF-8''%E5%B1%A5%E6%AD%B4.pdf");
  CHECK(AttachmentOf("100%.pdf") ==
        "attachment; filename=\"100_.pdf\"; filename*=UTF-8''100%25.pdf");
  CHECK(AttachmentOf("a;b='c'.pdf") == "attachment; filename=\"a;b='c'.pdf\"");
  CHECK(AttachmentOf("a\\b.pdf") == "attachment; filename=\"a_b.pdf\"; filename*=UTF-8''a%5Cb.pdf");
}

TEST_CASE("a range is one part of what is there, or ignored, or refused", "[unit]") {
  const auto part = [](const char* range) {
    const auto parsed = ParseRange(range, 100);
    if (!parsed.ok()) return std::string("refused");
    if (!parsed->has_value()) return std::string("ignored");
    return std::to_string((*parsed)->first) + "-" + std::to_string((*parsed)->last);
  };
  CHECK(part("bytes=0-9") == "0-9");
  CHECK(part("bytes=90-") == "90-99");
  CHECK(part("bytes=-10") == "90-99");
  CHECK(part("bytes=-1000") == "0-99");
  CHECK(part("bytes=50-1000") == "50-99");
  // Beyond what a number of 64 bits holds, too.
  CHECK(part("bytes=0-18446744073709551615") == "0-99");
  CHECK(part("bytes=-18446744073709551615") == "0-99");
  CHECK(part("bytes=18446744073709551615-") == "refused");
  for (const char* range : {"", "bytes=", "bytes=-", "bytes=9-1", "bytes=0-1,3-4", "lines=1-2",
                            "bytes=a-b", "bytes=0--1", "bytes=+1-2"}) {
    CHECK(part(range) == "ignored");
  }
  for (const char* range : {"bytes=100-", "bytes=-0", "bytes=200-300"}) {
    CHECK(part(range) == "refused");
  }
}

TEST_CASE("a part is sent of the content that was asked about, else the whole", "[unit]") {
  const Document document = {.size_bytes = 100, .sha256 = "ab"};
  const auto part = DownloadOf(document, "bytes=10-19", "\"ab\"");
  CHECK(part->partial);
  CHECK(part->part.first == 10);
  CHECK(part->part.last == 19);
  CHECK(part->content_range == "bytes 10-19/100");
  CHECK(part->etag == "\"ab\"");
  for (const auto& whole : {DownloadOf(document, "bytes=10-19", "\"cd\""),
                            DownloadOf(document, "bytes=500-", "W/\"ab\""),
                            DownloadOf(document, "", ""), DownloadOf(document, "lines=1", "")}) {
    CHECK_FALSE(whole->partial);
    CHECK(whole->part.first == 0);
    CHECK(whole->part.last == 99);
    CHECK(whole->content_range.empty());
  }
  const auto beyond = DownloadOf(document, "bytes=100-", "");
  CHECK(ReasonOf(beyond.status()) == "RANGE_NOT_SATISFIABLE");
  CHECK(FactsOf(beyond.status())["contentRange"] == "bytes */100");
}

}  // namespace
}  // namespace gatehouse::documents
