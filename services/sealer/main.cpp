// Makes a PDF ready to be sealed: gatehouse-sealer CPU_SECONDS MEMORY_BYTES
//
// Reads from standard input a line of five numbers, the sizes of what follows them: the signing
// time as PDF writes it, the file's name, the certificate's lines (label, tab, text, newline each),
// what is drawn on the pages (each a line of page, kind, left, top, width, height and the sizes of
// its text and its PNG, which follow), and the document. Writes to standard output a line with the
// offset and the number of the signature's hexadecimal digits, then the PDF.
//
// Or says what its pages are: gatehouse-sealer CPU_SECONDS MEMORY_BYTES measure
//
// Reads the document, and writes a line, `signed` or `plain`, and one for each page with its width
// and height in points.
//
// Of what it refuses it writes the name to standard error, and exits with 3. It has no key, opens
// no file but fonts, and binds itself to its limits before it reads: what it is given may be meant
// to harm it.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
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

// Parts of what is drawn, one after the other.
std::vector<Drawing> DrawingsOf(const std::string& text) {
  std::vector<Drawing> drawings;
  std::istringstream stream(text);
  const auto part = [&](size_t size) {
    std::string bytes(std::min(size, text.size()), '\0');
    stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return bytes;
  };
  while (stream.peek() != std::istringstream::traits_type::eof()) {
    Drawing drawing;
    int kind = 0;
    size_t text_size = 0, png_size = 0;
    stream >> drawing.page >> kind >> drawing.left >> drawing.top >> drawing.width >>
        drawing.height >> text_size >> png_size;
    stream.get();
    drawing.kind = static_cast<Drawing::Kind>(kind);
    drawing.text = part(text_size);
    drawing.png = part(png_size);
    if (!stream) throw std::runtime_error("what is drawn is shorter than was said");
    drawings.push_back(std::move(drawing));
  }
  return drawings;
}

void RunMeasure() {
  struct stat file = {};
  if (fstat(STDIN_FILENO, &file) != 0) throw std::runtime_error("there is no document");
  const Measured measured = Measure(Part(static_cast<size_t>(file.st_size)));
  std::cout << (measured.is_signed ? "signed" : "plain") << '\n';
  for (const Size& page : measured.pages) std::cout << page.width << ' ' << page.height << '\n';
  std::cout << std::flush;
}

void RunPrepare() {
  size_t time_size = 0, name_size = 0, lines_size = 0, drawings_size = 0, document_size = 0;
  std::cin >> time_size >> name_size >> lines_size >> drawings_size >> document_size;
  std::cin.get();
  Parts parts;
  parts.signing_time = Part(time_size);
  parts.filename = Part(name_size);
  parts.certificate = LinesOf(Part(lines_size));
  parts.drawings = DrawingsOf(Part(drawings_size));
  parts.document = Part(document_size);
  const Prepared prepared = Prepare(parts);
  std::cout << prepared.signature_offset << ' ' << prepared.signature_digits << '\n'
            << prepared.pdf << std::flush;
}

}  // namespace
}  // namespace gatehouse::sealer

int main(int argc, char** argv) {
  using namespace gatehouse::sealer;
  const bool measures = argc == 4 && std::string(argv[3]) == "measure";
  if (argc != 3 && !measures) return 1;
  std::ios::sync_with_stdio(false);
  Limit(RLIMIT_CPU, std::strtoul(argv[1], nullptr, 10));
  Limit(RLIMIT_AS, std::strtoul(argv[2], nullptr, 10));
  Limit(RLIMIT_FSIZE, 2 * kPartMax);
  Limit(RLIMIT_CORE, 0);
  try {
    if (measures) {
      RunMeasure();
    } else {
      RunPrepare();
    }
    return 0;
  } catch (const Refused& refused) {
    std::cerr << refused.what();
    return kRefused;
  } catch (const std::exception& error) {
    std::cerr << error.what();
    return 1;
  }
}
