#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include <gdk-pixbuf/gdk-pixbuf.h>

namespace gatehouse::previewer {

constexpr int kRefused = 3;  // How the program exits then.

// Why there is none, by the name that the service reads.
class Refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Reads an image of one type and makes it small.
class Picture {
 public:
  // Loads what reads that type, which no file is opened for afterwards. Refuses IMAGE_BROKEN for
  // one that nothing here reads.
  Picture(const std::string& type, int pixels);
  ~Picture();
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;

  void Read(const char* bytes, size_t size);
  // As a JPEG, upright as a camera's note says, on white, as long on its longer side as was asked
  // at most. Refuses IMAGE_BROKEN, and IMAGE_TOO_LARGE by what the head says.
  std::string Finish();

 private:
  static void Prepare(GdkPixbufLoader* loader, int width, int height, void* pixels);
  GdkPixbufLoader* loader_;
  int pixels_;
};

}  // namespace gatehouse::previewer
