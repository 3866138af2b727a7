#include "services/documents/uploads/magic_sniffer.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

namespace gatehouse::documents {
namespace {

int64_t ResidentBytes() {
  int64_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

TEST_CASE("all threads look into one database", "[unit]") {
  const auto sniffer = MagicSniffer::Open().value();
  // Of text it looks at all that it knows.
  std::string text;
  while (text.size() < kHead) text += "plain words that are in no format\n";
  const int64_t before = ResidentBytes();
  std::vector<std::thread> threads;
  std::vector<std::string> types(24);
  for (std::string& type : types) {
    threads.emplace_back([&] { type = sniffer->Sniff(text).value(); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& type : types) CHECK(type == "text/plain");
  // It has 8 MiB; one for each of these threads would be 192.
  CHECK(ResidentBytes() - before < 64 << 20);
}

TEST_CASE("what is in a few bytes is told, or that nothing is known", "[unit]") {
  const auto sniffer = MagicSniffer::Open().value();
  CHECK(sniffer->Sniff("%PDF-1.4\n").value() == "application/pdf");
  CHECK(sniffer->Sniff("GIF89a").value() == "image/gif");
  CHECK(sniffer->Sniff(std::string(50, '\0')).value() == "application/octet-stream");
  CHECK(sniffer->Sniff("").ok());
}

}  // namespace
}  // namespace gatehouse::documents
