#include "services/documents/previews/tests/pictures.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <zlib.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "services/documents/previews/previewer_process.h"
#include "services/documents/tests/files.h"
#include "tests/support/places.h"

namespace gatehouse::documents {
namespace {

std::string BigEndian(uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
  return bytes;
}

}  // namespace

std::string PngChunk(const std::string& type, const std::string& data) {
  const std::string both = type + data;
  const auto sum =
      crc32(0, reinterpret_cast<const Bytef*>(both.data()), static_cast<uInt>(both.size()));
  return absl::StrCat(BigEndian(static_cast<uint32_t>(data.size())), both,
                      BigEndian(static_cast<uint32_t>(sum)));
}

namespace {

std::string PngOf(int width, int height, const std::string& rows) {
  uLongf size = compressBound(rows.size());
  std::string packed(size, '\0');
  compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
            reinterpret_cast<const Bytef*>(rows.data()), rows.size(), 1);
  packed.resize(size);
  const std::string of_rgb("\x08\x02\0\0\0", 5);
  return absl::StrCat("\x89PNG\r\n\x1a\n",
                      PngChunk("IHDR", BigEndian(static_cast<uint32_t>(width)) +
                                           BigEndian(static_cast<uint32_t>(height)) + of_rgb),
                      PngChunk("IDAT", packed), PngChunk("IEND", ""));
}

}  // namespace

std::string Png(int width, int height) {
  std::string rows;
  for (int y = 0; y < height; ++y) {
    rows += '\0';
    for (int x = 0; x < width; ++x) {
      rows +=
          2 * x < width && 2 * y < height ? std::string("\xff\0\0", 3) : std::string("\0\0\xff", 3);
    }
  }
  return PngOf(width, height, rows);
}

std::string BlackPng(int side) {
  return PngOf(side, side, std::string(static_cast<size_t>(side) * 3 + 1, '\0'));
}

std::string Sideways(const std::string& jpeg) {
  // Exif in big-endian order, with one field: the orientation 6.
  const std::string exif("Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
                         32);
  const std::string size = BigEndian(static_cast<uint32_t>(exif.size()) + 2).substr(2);
  return absl::StrCat(jpeg.substr(0, 2), "\xff\xe1", size, exif, jpeg.substr(2));
}

std::string Look(const std::string& jpeg) {
  GdkPixbufLoader* const loader = gdk_pixbuf_loader_new_with_type("jpeg", nullptr);
  const bool read = gdk_pixbuf_loader_write(loader, reinterpret_cast<const guchar*>(jpeg.data()),
                                            jpeg.size(), nullptr) != FALSE;
  GdkPixbuf* const image = gdk_pixbuf_loader_close(loader, nullptr) && read
                               ? gdk_pixbuf_loader_get_pixbuf(loader)
                               : nullptr;
  std::string look = "no image";
  if (image != nullptr) {
    const int width = gdk_pixbuf_get_width(image), height = gdk_pixbuf_get_height(image);
    const guchar* const pixels = gdk_pixbuf_read_pixels(image);
    const auto is_red = [&](int x, int y) {
      const guchar* const at =
          pixels + y * gdk_pixbuf_get_rowstride(image) + x * gdk_pixbuf_get_n_channels(image);
      return at[0] > 200 && at[1] < 60 && at[2] < 60;
    };
    const int right = width * 3 / 4, bottom = height * 3 / 4;
    look = absl::StrCat(width, "x", height, is_red(width / 4, height / 4) ? " tl" : "",
                        is_red(right, height / 4) ? " tr" : "",
                        is_red(width / 4, bottom) ? " bl" : "", is_red(right, bottom) ? " br" : "");
  }
  g_object_unref(loader);
  return look;
}

absl::StatusOr<Preview> PreviewOf(const std::string& bytes, const std::string& content_type,
                                  int pixels, const ChildLimits& limits) {
  TextBlob blob(bytes);
  return PreviewerProcess(kPreviewerProgram, limits).Make(blob, content_type, pixels);
}

absl::StatusOr<Preview> PreviewOf(const std::string& bytes, const std::string& content_type,
                                  int pixels) {
  return PreviewOf(bytes, content_type, pixels, kPreviewerLimits);
}

// Made once by heif-enc of libheif-examples 1.15 from a JPEG of Png(400, 300) and Sideways(), and
// given the property `irot` that phones write: no encoder of HEIC is at hand where tests run.
std::string PhonePhoto() {
  std::ifstream file(InSource("services/documents/previews/tests/sideways.heic"), std::ios::binary);
  REQUIRE(file.is_open());
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace gatehouse::documents
