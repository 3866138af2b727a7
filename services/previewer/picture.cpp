#include "services/previewer/picture.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "loaders.h"

namespace gatehouse::previewer {
namespace {

constexpr int64_t kPixelsMax = 60'000'000;
constexpr char kQuality[] = "80";
constexpr uint32_t kWhite = 0xffffffff;

struct Release {
  void operator()(void* object) const { g_object_unref(object); }
};
using Pixels = std::unique_ptr<GdkPixbuf, Release>;

// The list of loaders, as a file that nobody else can write.
void NameLoaders() {
  const int file = memfd_create("loaders", 0);
  const size_t size = sizeof(kLoaders) - 1;
  if (file < 0 || write(file, kLoaders, size) != static_cast<ssize_t>(size)) {
    throw std::runtime_error("cannot list the loaders");
  }
  setenv("GDK_PIXBUF_MODULE_FILE", ("/proc/self/fd/" + std::to_string(file)).c_str(), 1);
}

// Such that the longer side is `most` at most, and the shorter one still there.
std::pair<int, int> Within(int width, int height, int most) {
  const double factor = std::min(1.0, static_cast<double>(most) / std::max(width, height));
  const auto scaled = [&](int side) {
    return std::max(1, static_cast<int>(std::lround(side * factor)));
  };
  return {scaled(width), scaled(height)};
}

Pixels OnWhite(Pixels from, int most) {
  const int w = gdk_pixbuf_get_width(from.get()), h = gdk_pixbuf_get_height(from.get());
  const auto [width, height] = Within(w, h, most);
  if (w == width && h == height && !gdk_pixbuf_get_has_alpha(from.get())) return from;
  Pixels to(gdk_pixbuf_new(GDK_COLORSPACE_RGB, FALSE, 8, width, height));
  if (to == nullptr) throw Refused("TOO_COSTLY");
  gdk_pixbuf_fill(to.get(), kWhite);
  gdk_pixbuf_composite(from.get(), to.get(), 0, 0, width, height, 0, 0,
                       static_cast<double>(width) / w, static_cast<double>(height) / h,
                       GDK_INTERP_BILINEAR, 255);
  return to;
}

}  // namespace

Picture::Picture(const std::string& type, int pixels) : pixels_(pixels) {
  // What is said on standard error is the name of a refusal, and nothing else.
  g_log_set_default_handler([](const char*, GLogLevelFlags, const char*, void*) {}, nullptr);
  NameLoaders();
  loader_ = gdk_pixbuf_loader_new_with_mime_type(type.c_str(), nullptr);
  if (loader_ == nullptr) throw Refused("IMAGE_BROKEN");
  g_signal_connect(loader_, "size-prepared", G_CALLBACK(Prepare), &pixels_);
}

Picture::~Picture() { g_object_unref(loader_); }

// Once the head was read, before there are pixels; no exception may pass the library.
void Picture::Prepare(GdkPixbufLoader* loader, int width, int height, void* pixels) {
  int& most = *static_cast<int*>(pixels);
  if (width <= 0 || height <= 0) return;  // The loader says so itself.
  if (int64_t{width} * height > kPixelsMax) {
    (void)!write(STDERR_FILENO, "IMAGE_TOO_LARGE", sizeof("IMAGE_TOO_LARGE") - 1);
    _exit(kRefused);
  }
  const auto [w, h] = Within(width, height, most);
  gdk_pixbuf_loader_set_size(loader, w, h);
}

void Picture::Read(const char* bytes, size_t size) {
  const auto* data = reinterpret_cast<const guchar*>(bytes);
  if (gdk_pixbuf_loader_write(loader_, data, size, nullptr) == FALSE) {
    throw Refused("IMAGE_BROKEN");
  }
}

std::string Picture::Finish() {
  if (gdk_pixbuf_loader_close(loader_, nullptr) == FALSE) throw Refused("IMAGE_BROKEN");
  GdkPixbuf* const read = gdk_pixbuf_loader_get_pixbuf(loader_);
  if (read == nullptr) throw Refused("IMAGE_BROKEN");
  Pixels upright(gdk_pixbuf_apply_embedded_orientation(read));
  if (upright == nullptr) throw Refused("TOO_COSTLY");
  upright = OnWhite(std::move(upright), pixels_);
  gchar* jpeg = nullptr;
  gsize size = 0;
  if (gdk_pixbuf_save_to_buffer(upright.get(), &jpeg, &size, "jpeg", nullptr, "quality", kQuality,
                                nullptr) == FALSE) {
    throw Refused("TOO_COSTLY");
  }
  std::string bytes(jpeg, size);
  g_free(jpeg);
  return bytes;
}

}  // namespace gatehouse::previewer
