#include "services/common/base/page.h"

#include <catch2/catch.hpp>

#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/identity/v1/organisations.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"

namespace gatehouse {
namespace {

using notification::v1::ListMessagesRequest;

ListMessagesRequest Messages(const std::string& token, const std::string& case_id = "") {
  ListMessagesRequest request;
  request.set_page_token(token);
  request.set_case_id(case_id);
  return request;
}

// The token that a list gives after this key.
template <typename Request>
std::string TokenOf(const Request& request, const std::string& key) {
  return PageOf(request).value().TokenAfter(key);
}

TEST_CASE("a page has its size, or the list's own, and begins at the beginning", "[unit]") {
  ListMessagesRequest request;
  CHECK(PageOf(request)->size == 50);
  CHECK(PageOf(request, 100)->size == 100);
  CHECK(PageOf(request)->limit() == 51);
  CHECK(PageOf(request)->after.empty());
  request.set_page_size(7);
  CHECK(PageOf(request, 100)->size == 7);
}

TEST_CASE("a page goes on after the last row of the one before", "[unit]") {
  std::vector<std::string> rows = {"a", "b", "c"};
  ListMessagesRequest request;
  request.set_page_size(2);
  const Page first = PageOf(request).value();
  const std::string token = CutPage(rows, first, [](const std::string& row) { return row; });
  CHECK(rows == std::vector<std::string>{"a", "b"});
  request.set_page_token(token);
  CHECK(PageOf(request)->after == "b");
  // A page of another size goes on all the same.
  request.set_page_size(500);
  CHECK(PageOf(request)->after == "b");
  rows = {"c"};
  CHECK(CutPage(rows, first, [](const std::string& row) { return row; }).empty());
  CHECK(rows.size() == 1);
}

TEST_CASE("a page token is good for its own list, under its own filters, only", "[unit]") {
  const std::string token = TokenOf(Messages("", "deal-1"), "msg_1");
  CHECK(PageOf(Messages(token, "deal-1"))->after == "msg_1");
  CHECK(ReasonOf(PageOf(Messages(token, "deal-2")).status()) == "PAGE_TOKEN_INVALID");
  CHECK(ReasonOf(PageOf(Messages(token)).status()) == "PAGE_TOKEN_INVALID");
  cases::v1::ListCasesRequest cases;
  cases.set_page_token(TokenOf(Messages(""), "msg_1"));
  CHECK(ReasonOf(PageOf(cases).status()) == "PAGE_TOKEN_INVALID");
  identity::v1::ListApiKeysRequest keys;
  keys.set_page_token(TokenOf(cases::v1::ListCasesRequest(), "1|deal"));
  CHECK(ReasonOf(PageOf(keys).status()) == "PAGE_TOKEN_INVALID");
}

TEST_CASE("what no list gave is refused before it reaches a store", "[unit]") {
  const std::string list = PageOf(Messages("")).value().list;
  for (const std::string& token :
       {std::string("__4"), std::string("x"), std::string("!"), std::string("a b"),
        std::string("\xff"), Base64Url("msg_1"), Base64Url(list.substr(1) + "msg_1"),
        Base64Url(list + "\xff\xfe"), Base64Url(list + "\xc0\x80"),
        Base64Url(list + std::string("a\0b", 3)), Base64Url(list + "a\nb"), Base64Url(list + "é"),
        Base64Url(list + "msg_1") + "="}) {
    INFO(token);
    CHECK(ReasonOf(PageOf(Messages(token)).status()) == "PAGE_TOKEN_INVALID");
  }
  CHECK(PageOf(Messages(Base64Url(list + "msg_1"))).ok());
}

TEST_CASE("a list that is newest first goes on below the last row, at first below nothing",
          "[unit]") {
  Page page;
  CHECK(page.Below("msg") == "msh");
  CHECK(page.Below("msg") > "msg_zzzzzzzz");
  CHECK(page.Below().value() == std::numeric_limits<int64_t>::max());
  page.after = "msg_1";
  CHECK(page.Below("msg") == "msg_1");
  CHECK(ReasonOf(page.Below().status()) == "PAGE_TOKEN_INVALID");
  page.after = "4711";
  CHECK(page.Below().value() == 4711);
  for (const char* no_number : {"4711x", "1.5", "99999999999999999999", "-", "0x10"}) {
    page.after = no_number;
    INFO(no_number);
    CHECK(ReasonOf(page.Below().status()) == "PAGE_TOKEN_INVALID");
  }
}

TEST_CASE("a feed's token outlives its filters", "[unit]") {
  notification::v1::ListEventsRequest request;
  const std::string token = CursorOf(request, 100)->TokenAfter("4711");
  CHECK(token == Base64Url("4711"));
  request.set_page_token(token);
  CHECK(CursorOf(request, 100)->after == "4711");
  request.set_page_token("__4");
  CHECK(ReasonOf(CursorOf(request, 100).status()) == "PAGE_TOKEN_INVALID");
}

}  // namespace
}  // namespace gatehouse
