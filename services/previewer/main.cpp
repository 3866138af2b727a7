// Makes a preview of a file: gatehouse-previewer CPU_SECONDS MEMORY_BYTES TYPE PIXELS
//
// Reads an image of that content type, or a PDF, from standard input, and writes a JPEG to standard
// output: the image upright, or the first page, its longer side of so many pixels at most. Of what
// it refuses it writes the name to standard error, and exits with 3; with 4 for a fault of ours.
// What it is given may be meant to harm it, so before it reads it binds itself to its limits, and
// gives up the network and files: of an image all of them, while a page is drawn by a program,
// pdftoppm, which reads fonts.
#include <malloc.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "services/previewer/confinement.h"
#include "services/previewer/picture.h"

namespace gatehouse::previewer {
namespace {

constexpr rlim_t kOutputMax = 4 << 20;
constexpr int kFaulty = 4;
constexpr char kDrawer[] = "/usr/bin/pdftoppm";

void MakePicture(const std::string& type, int pixels) {
  Picture picture(type, pixels);
  LeaveFiles();
  std::array<char, 64 << 10> part;
  for (ssize_t got = 0; (got = read(STDIN_FILENO, part.data(), part.size())) != 0;) {
    if (got < 0) throw std::runtime_error("cannot read");
    picture.Read(part.data(), static_cast<size_t>(got));
  }
  const std::string jpeg = picture.Finish();
  std::cout.write(jpeg.data(), static_cast<std::streamsize>(jpeg.size()));
  std::cout.flush();
}

void DrawPage(const char* pixels) {
  ReadSystemFilesOnly();
  execl(kDrawer, "pdftoppm", "-q", "-singlefile", "-f", "1", "-l", "1", "-scale-to", pixels,
        "-jpeg", "-jpegopt", "quality=80", "-", static_cast<char*>(nullptr));
  throw std::runtime_error(std::string(kDrawer) + " does not start");
}

}  // namespace
}  // namespace gatehouse::previewer

int main(int argc, char** argv) {
  using namespace gatehouse::previewer;
  if (argc != 5) return kFaulty;
  // Each thread that a decoder starts would have memory of its own laid out for it.
  mallopt(M_ARENA_MAX, 1);
  try {
    Limit(std::strtoul(argv[1], nullptr, 10), std::strtoul(argv[2], nullptr, 10), kOutputMax);
    LeaveNetwork();
    if (std::strcmp(argv[3], "application/pdf") == 0) {
      DrawPage(argv[4]);
    } else {
      MakePicture(argv[3], std::atoi(argv[4]));
    }
    return 0;
  } catch (const std::bad_alloc&) {
    std::cerr << "TOO_COSTLY";
    return kRefused;
  } catch (const Refused& refused) {
    std::cerr << refused.what();
    return kRefused;
  } catch (const std::exception& error) {
    std::cerr << error.what();
    return kFaulty;
  }
}
