#include "services/sealer/page.h"

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#include <memory>
#include <stdexcept>

namespace gatehouse::sealer {
namespace {

constexpr double kWidth = 595, kHeight = 842, kMargin = 48;  // A4, in points.
constexpr double kLabelWidth = 130, kGap = 5;

// Unicode's isolates: what stands between them has a direction of its own (UAX 9); and a mark that
// lets a line go from left to right, whatever its first letter is.
constexpr char kIsolate[] = "\xe2\x81\xa8", kEndIsolate[] = "\xe2\x81\xa9",
               kLeftToRight[] = "\xe2\x80\x8e";

cairo_status_t Append(void* bytes, const unsigned char* data, unsigned int size) {
  static_cast<std::string*>(bytes)->append(reinterpret_cast<const char*>(data), size);
  return CAIRO_STATUS_SUCCESS;
}

class Paper {
 public:
  explicit Paper(std::string& pdf)
      : surface_(cairo_pdf_surface_create_for_stream(Append, &pdf, kWidth, kHeight)),
        cairo_(cairo_create(surface_)),
        layout_(pango_cairo_create_layout(cairo_)) {}
  ~Paper() {
    g_object_unref(layout_);
    cairo_destroy(cairo_);
    cairo_surface_destroy(surface_);
  }
  Paper(const Paper&) = delete;
  Paper& operator=(const Paper&) = delete;

  void Add(const Line& line) {
    const bool heading = line.label.empty();
    const double left = heading ? kMargin : kMargin + kLabelWidth;
    const double height = Shape(line.text, heading, kWidth - kMargin - left);
    if (y_ + height > kHeight - kMargin) {
      cairo_show_page(cairo_);
      y_ = kMargin;
    }
    Draw(left);
    if (!heading) {
      Shape(line.label, false, kLabelWidth - kGap);
      Draw(kMargin);
    }
    y_ += height + (heading ? 2 * kGap : kGap);
  }

  void Finish() {
    cairo_show_page(cairo_);
    cairo_surface_finish(surface_);
    if (cairo_surface_status(surface_) != CAIRO_STATUS_SUCCESS) {
      throw std::runtime_error("the certificate was not drawn");
    }
  }

 private:
  double Shape(const std::string& text, bool heading, double width) {
    PangoFontDescription* font =
        pango_font_description_from_string(heading ? "Sans Bold 12" : "Sans 8.5");
    pango_layout_set_font_description(layout_, font);
    pango_font_description_free(font);
    const std::string isolated = kLeftToRight + (kIsolate + text + kEndIsolate);
    pango_layout_set_text(layout_, isolated.data(), static_cast<int>(isolated.size()));
    pango_layout_set_width(layout_, static_cast<int>(width * PANGO_SCALE));
    pango_layout_set_wrap(layout_, PANGO_WRAP_WORD_CHAR);
    PangoAttrList* plain = pango_attr_list_new();
    pango_attr_list_insert(plain, pango_attr_insert_hyphens_new(FALSE));
    pango_layout_set_attributes(layout_, plain);
    pango_attr_list_unref(plain);
    int pixels = 0;
    pango_layout_get_pixel_size(layout_, nullptr, &pixels);
    return pixels;
  }
  void Draw(double x) {
    cairo_move_to(cairo_, x, y_);
    pango_cairo_show_layout(cairo_, layout_);
  }

  cairo_surface_t* const surface_;
  cairo_t* const cairo_;
  PangoLayout* const layout_;
  double y_ = kMargin;
};

}  // namespace

std::string Typeset(const std::vector<Line>& lines) {
  std::string pdf;
  Paper paper(pdf);
  for (const Line& line : lines) paper.Add(line);
  paper.Finish();
  return pdf;
}

}  // namespace gatehouse::sealer
