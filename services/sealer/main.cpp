// Makes a PDF ready to be sealed: gatehouse-sealer CPU_SECONDS MEMORY_BYTES
//
// Reads from standard input a line of four numbers, the sizes of what follows them: the signing
// time as PDF writes it, the file's name, the certificate's lines (label, tab, text, newline each),
// and the document. Writes to standard output a line with the offset and the number of the
// signature's hexadecimal digits, then the PDF. Of what it refuses it writes the name to standard
// error, and exits with 3. It has no key, opens no file but fonts, and binds itself to its limits
// before it reads: what it is given may be meant to harm it.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include "services/sealer/prepare.h"

namespace gatehouse::sealer {
namespace {

constexpr int kRefused = 3;
constexpr size_t kPartMax = size_t{256} << 20;

void Limit(int resource, rlim_t most) {
  const rlimit limit = {most, most};
  if (setrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) std::exit(1);
}

std::string Part(size_t size) {
  if (size > kPartMax) throw Refused("PDF_TOO_LARGE");
  std::string bytes(size, '\0');
  if (!std::cin.read(bytes.data(), static_cast<std::streamsize>(size))) {
    throw std::runtime_error("what came is shorter than was said");
  }
  return bytes;
}

std::vector<Line> LinesOf(const std::string& text) {
  std::vector<Line> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    const size_t tab = line.find('\t');
    if (tab == std::string::npos) {
      lines.push_back({"", line});
    } else {
      lines.push_back({line.substr(0, tab), line.substr(tab + 1)});
    }
  }
  return lines;
}

void Run() {
  size_t time_size = 0, name_size = 0, lines_size = 0, document_size = 0;
  std::cin >> time_size >> name_size >> lines_size >> document_size;
  std::cin.get();
  const std::string time = Part(time_size), name = Part(name_size);
  const std::vector<Line> lines = LinesOf(Part(lines_size));
  const Prepared prepared = Prepare(Part(document_size), name, lines, time);
  std::cout << prepared.signature_offset << ' ' << prepared.signature_digits << '\n'
            << prepared.pdf << std::flush;
}

}  // namespace
}  // namespace gatehouse::sealer

int main(int argc, char** argv) {
  using namespace gatehouse::sealer;
  if (argc != 3) return 1;
  std::ios::sync_with_stdio(false);
  Limit(RLIMIT_CPU, std::strtoul(argv[1], nullptr, 10));
  Limit(RLIMIT_AS, std::strtoul(argv[2], nullptr, 10));
  Limit(RLIMIT_FSIZE, 2 * kPartMax);
  Limit(RLIMIT_CORE, 0);
  try {
    Run();
    return 0;
  } catch (const Refused& refused) {
    std::cerr << refused.what();
    return kRefused;
  } catch (const std::exception& error) {
    std::cerr << error.what();
    return 1;
  }
}
