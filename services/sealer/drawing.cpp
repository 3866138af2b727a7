#include "services/sealer/drawing.h"

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <stdexcept>

namespace gatehouse::sealer {
namespace {

constexpr double kTextMost = 11, kSignatureMost = 24, kLeast = 4;  // Sizes of letters, in points.
constexpr double kLetters = 0.7;  // What a line's letters take of its height.
constexpr int kPixelsMax = 2000;

struct Freed {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
  void operator()(PangoLayout* layout) const { g_object_unref(layout); }
};
using Surface = std::unique_ptr<cairo_surface_t, Freed>;

cairo_status_t Append(void* bytes, const unsigned char* data, unsigned int size) {
  static_cast<std::string*>(bytes)->append(reinterpret_cast<const char*>(data), size);
  return CAIRO_STATUS_SUCCESS;
}

cairo_status_t ReadOn(void* rest, unsigned char* data, unsigned int size) {
  auto& bytes = *static_cast<std::string_view*>(rest);
  if (size > bytes.size()) return CAIRO_STATUS_READ_ERROR;
  std::memcpy(data, bytes.data(), size);
  bytes.remove_prefix(size);
  return CAIRO_STATUS_SUCCESS;
}

// Null where it is none. What it says its size is was looked at before it came here.
Surface PictureOf(const std::string& png) {
  std::string_view rest = png;
  Surface picture(cairo_image_surface_create_from_png_stream(ReadOn, &rest));
  const int width = cairo_image_surface_get_width(picture.get());
  const int height = cairo_image_surface_get_height(picture.get());
  const bool fits = width > 0 && height > 0 && width <= kPixelsMax && height <= kPixelsMax;
  if (cairo_surface_status(picture.get()) != CAIRO_STATUS_SUCCESS || !fits) return nullptr;
  return picture;
}

struct Place {
  double x, y, width, height;
};

class Canvas {
 public:
  explicit Canvas(std::string& pdf)
      : surface_(cairo_pdf_surface_create_for_stream(Append, &pdf, 1, 1)) {}

  void Begin(const Size& size) {
    cairo_pdf_surface_set_size(surface_.get(), size.width, size.height);
    // After the size: a context of before would cut what is drawn to the page of before.
    cairo_.reset(cairo_create(surface_.get()));
    layout_.reset(pango_cairo_create_layout(cairo_.get()));
  }
  void Draw(const Drawing& drawing, const Size& size) {
    const Place place = {drawing.left * size.width, drawing.top * size.height,
                         drawing.width * size.width, drawing.height * size.height};
    cairo_save(cairo_.get());
    cairo_rectangle(cairo_.get(), place.x, place.y, place.width, place.height);
    cairo_clip(cairo_.get());
    cairo_set_source_rgb(cairo_.get(), 0.05, 0.1, 0.4);  // As ink is, beside what is printed.
    cairo_surface_t* const picture = drawing.png.empty() ? nullptr : Picture(drawing.png);
    if (picture != nullptr) {
      DrawPicture(picture, place);
    } else if (drawing.kind == Drawing::Kind::kCross) {
      DrawCross(place);
    } else {
      DrawText(drawing, place);
    }
    cairo_restore(cairo_.get());
  }
  void End() { cairo_show_page(cairo_.get()); }
  void Finish() {
    layout_.reset();
    cairo_.reset();
    cairo_surface_finish(surface_.get());
    if (cairo_surface_status(surface_.get()) != CAIRO_STATUS_SUCCESS) {
      throw std::runtime_error("the fields were not drawn");
    }
  }

 private:
  // Each once, however many places it is drawn at.
  cairo_surface_t* Picture(const std::string& png) {
    const auto [at, is_new] = pictures_.try_emplace(png);
    if (is_new) at->second = PictureOf(png);
    return at->second.get();
  }

  void DrawPicture(cairo_surface_t* picture, const Place& place) {
    const double width = cairo_image_surface_get_width(picture);
    const double height = cairo_image_surface_get_height(picture);
    const double scale = std::min(place.width / width, place.height / height);
    cairo_translate(cairo_.get(), place.x + (place.width - width * scale) / 2,
                    place.y + (place.height - height * scale) / 2);
    cairo_scale(cairo_.get(), scale, scale);
    cairo_set_source_surface(cairo_.get(), picture, 0, 0);
    cairo_paint(cairo_.get());
  }

  void DrawCross(const Place& place) {
    const double half = 0.35 * std::min(place.width, place.height);
    const double x = place.x + place.width / 2, y = place.y + place.height / 2;
    cairo_move_to(cairo_.get(), x - half, y - half);
    cairo_line_to(cairo_.get(), x + half, y + half);
    cairo_move_to(cairo_.get(), x - half, y + half);
    cairo_line_to(cairo_.get(), x + half, y - half);
    cairo_set_line_width(cairo_.get(), std::max(half / 5, 0.5));
    cairo_stroke(cairo_.get());
  }

  // How large the text is in letters of this size.
  Size Shape(double letters, bool slanted) {
    PangoFontDescription* font =
        pango_font_description_from_string(slanted ? "Serif Italic" : "Sans");
    pango_font_description_set_absolute_size(font, letters * PANGO_SCALE);
    pango_layout_set_font_description(layout_.get(), font);
    pango_font_description_free(font);
    int width = 0, height = 0;
    pango_layout_get_size(layout_.get(), &width, &height);
    return {static_cast<double>(width) / PANGO_SCALE, static_cast<double>(height) / PANGO_SCALE};
  }

  void DrawText(const Drawing& drawing, const Place& place) {
    const bool slanted = drawing.kind == Drawing::Kind::kSignature;
    const bool wrapped = drawing.kind == Drawing::Kind::kWrapped;
    const auto size = static_cast<int>(drawing.text.size());
    pango_layout_set_text(layout_.get(), drawing.text.data(), size);
    pango_layout_set_wrap(layout_.get(), PANGO_WRAP_WORD_CHAR);
    pango_layout_set_width(layout_.get(),
                           wrapped ? static_cast<int>(place.width * PANGO_SCALE) : -1);
    double letters = std::min(slanted ? kSignatureMost : kTextMost, place.height * kLetters);
    Size shape = Shape(letters, slanted);
    // A line grows with its letters; lines that break elsewhere do not.
    if (!wrapped && shape.width > place.width) {
      letters = std::max(0.97 * letters * place.width / shape.width, std::min(letters, kLeast));
      shape = Shape(letters, slanted);
    }
    while (wrapped && shape.height > place.height && letters > kLeast) {
      shape = Shape(--letters, slanted);
    }
    // What is written from right to left begins at the right.
    const PangoDirection direction = pango_layout_get_direction(layout_.get(), 0);
    const bool from_right = !wrapped && direction == PANGO_DIRECTION_RTL;
    cairo_move_to(cairo_.get(), from_right ? place.x + place.width - shape.width : place.x,
                  wrapped ? place.y : place.y + (place.height - shape.height) / 2);
    pango_cairo_show_layout(cairo_.get(), layout_.get());
  }

  const Surface surface_;
  std::unique_ptr<cairo_t, Freed> cairo_;
  std::unique_ptr<PangoLayout, Freed> layout_;
  std::map<std::string, Surface> pictures_;
};

}  // namespace

std::string Drawn(const std::vector<Overlay>& overlays) {
  std::string pdf;
  Canvas canvas(pdf);
  for (const Overlay& overlay : overlays) {
    canvas.Begin(overlay.size);
    for (const Drawing* drawing : overlay.drawings) canvas.Draw(*drawing, overlay.size);
    canvas.End();
  }
  canvas.Finish();
  return pdf;
}

}  // namespace gatehouse::sealer
