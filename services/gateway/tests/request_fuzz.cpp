#include <cstdlib>

#include "services/gateway/http/request_head.h"
#include "services/gateway/routes/route_table.h"

// Whatever comes: a head that is taken has one way to be read, and a path is found or not.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gatehouse::gateway;
  static const RouteTable& table = *new RouteTable(*RouteTable::Of(AllServices()));
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (!MistakeInHead(text).has_value()) {
    if (text.find("\r\n\r\n") == std::string::npos || HasBareLineFeed(text)) std::abort();
  }
  const size_t question = text.find('?');
  const auto segments = SplitPath(text.substr(0, question));
  if (segments.ok()) {
    const Match match = table.Find("GET", *segments);
    if (match.route != nullptr && match.route->verb != "GET") std::abort();
  }
  if (question != std::string::npos) (void)SplitQuery(text.substr(question + 1));
  return 0;
}
