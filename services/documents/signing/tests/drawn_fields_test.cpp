// What gatehouse-sealer draws on pages, as poppler shows it.
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/documents/signing/tests/pdfs.h"
#include "services/documents/signing/tests/seal_authority.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

// Pages of nothing but what `pages` say of themselves, in PDF's words.
std::string Blank(const std::vector<std::string>& pages) {
  std::vector<std::string> objects = {"<< /Type /Catalog /Pages 2 0 R >>", ""};
  std::string kids;
  for (const std::string& page : pages) {
    objects.push_back(absl::StrCat("<< /Type /Page /Parent 2 0 R ", page, " >>"));
    absl::StrAppend(&kids, objects.size(), " 0 R ");
  }
  objects[1] = absl::StrCat("<< /Type /Pages /Kids [", kids, "] /Count ", pages.size(), " >>");
  return PdfOf(objects);
}

const std::vector<std::string> kWays = {
    "/MediaBox [0 0 300 200]",
    "/MediaBox [0 0 300 200] /Rotate 90",
    "/MediaBox [0 0 300 200] /Rotate 180",
    "/MediaBox [0 0 300 200] /Rotate -90",
    "/MediaBox [-100 -50 400 300] /CropBox [20 30 320 230]",
    "/MediaBox [0 0 500 400] /CropBox [50 60 250 360] /Rotate 270",
    "/MediaBox [300 200 0 0]",
    "/MediaBox [0 0 300 200] /CropBox [-50 -50 900 900]",
    "/MediaBox [0 0 300 200] /UserUnit 2"};

Drawing At(int page, const std::string& text, DrawingKind kind = DrawingKind::kLine) {
  return {.page = page,
          .kind = kind,
          .left = 0.1,
          .top = 0.2,
          .width = 0.3,
          .height = 0.15,
          .text = text};
}

std::string SealedWith(const std::string& pdf, const std::vector<Drawing>& drawings) {
  SealOrder order = OrderOf(pdf);
  order.drawings = drawings;
  const auto sealed = SealerProcess(kSealerProgram, *TheAuthority().key).Seal(order);
  REQUIRE(sealed.ok());
  INFO(sealed->refused);
  REQUIRE(sealed->refused.empty());
  CHECK(TheAuthority().IsValid(sealed->document));
  return sealed->document;
}

// A page as it is shown: how much ink is within a place, and how much elsewhere.
struct Ink {
  int within = 0, elsewhere = 0;
};
Ink InkOf(const std::string& pdf, const Drawing& place) {
  (void)TheAuthority().Say(pdf, "true");
  TheAuthority().Run(absl::StrCat("pdftoppm -singlefile -cropbox -r 144 -gray -f ", place.page,
                                  " -l ", place.page, " a.pdf shown"));
  std::ifstream file(TheAuthority().folder / "shown.pgm", std::ios::binary);
  std::string magic;
  int width = 0, height = 0, most = 0;
  file >> magic >> width >> height >> most;
  file.get();
  Ink ink;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (file.get() > 200) continue;
      // A pixel on the edge belongs to both.
      const bool within = x + 1 >= place.left * width && y + 1 >= place.top * height &&
                          x <= (place.left + place.width) * width &&
                          y <= (place.top + place.height) * height;
      ++(within ? ink.within : ink.elsewhere);
    }
  }
  return ink;
}

std::string TextOf(const std::string& pdf, int page) {
  (void)TheAuthority().Say(pdf, "true");
  TheAuthority().Run(absl::StrCat("pdftotext -f ", page, " -l ", page, " a.pdf text"));
  return TheAuthority().Text("text");
}

// Bytes that can be read again.
class TextBlob : public BlobReader {
 public:
  explicit TextBlob(std::string text) : text_(std::move(text)) {}
  absl::Status Read(int64_t offset, size_t size, std::string& bytes) override {
    bytes = text_.substr(static_cast<size_t>(offset), size);
    return absl::OkStatus();
  }
  absl::StatusOr<int64_t> Size() override { return static_cast<int64_t>(text_.size()); }

 private:
  const std::string text_;
};
Measured MeasuredOf(const std::string& pdf) {
  SealerProcess sealer(kSealerProgram, *TheAuthority().key);
  TextBlob blob(pdf);
  const auto measured = sealer.Measure(blob, static_cast<int64_t>(pdf.size()));
  INFO(measured.status().ToString());
  REQUIRE(measured.ok());
  return *measured;
}

TEST_CASE("what is filled in is seen at its place and nowhere else, however a page lies",
          "[unit]") {
  std::vector<Drawing> drawings;
  for (size_t i = 0; i < kWays.size(); ++i) {
    drawings.push_back(At(static_cast<int>(i) + 1, "x", DrawingKind::kCross));
  }
  const std::string sealed = SealedWith(Blank(kWays), drawings);
  for (const Drawing& drawing : drawings) {
    INFO(kWays[static_cast<size_t>(drawing.page) - 1]);
    const Ink ink = InkOf(sealed, drawing);
    CHECK(ink.within > 10);
    CHECK(ink.elsewhere == 0);
  }
}

TEST_CASE("pages are told as they are shown", "[unit]") {
  const Measured measured = MeasuredOf(Blank(kWays));
  CHECK(measured.refused.empty());
  const std::vector<std::pair<double, double>> sizes = {{300, 200}, {200, 300}, {300, 200},
                                                        {200, 300}, {300, 200}, {300, 200},
                                                        {300, 200}, {300, 200}, {600, 400}};
  REQUIRE(measured.pages.size() == sizes.size());
  for (size_t i = 0; i < sizes.size(); ++i) {
    INFO(kWays[i]);
    CHECK(measured.pages[i].width == sizes[i].first);
    CHECK(measured.pages[i].height == sizes[i].second);
  }
  CHECK(MeasuredOf(Blank({"/MediaBox [0 0 1 1]"})).pages[0].width == 0);
  CHECK(MeasuredOf(Blank({"/MediaBox [0 0 1000000000 9]"})).pages[0].width == 0);
}

TEST_CASE("what no field can be drawn into is told by its name", "[unit]") {
  CHECK(MeasuredOf(SealWith(Pdf(1))->document).refused == "PDF_SIGNED");
  CHECK(MeasuredOf("%PDF-1.4\nnothing").refused == "PDF_BROKEN");
  CHECK(MeasuredOf("").refused == "PDF_BROKEN");
  CHECK(MeasuredOf(PageLoop()).refused == "PDF_BROKEN");
  CHECK(MeasuredOf(WithPassword()).refused == "PDF_ENCRYPTED");
  CHECK(MeasuredOf(Pdf(2000)).pages.size() == 2000);
}

TEST_CASE("texts of any script are drawn, and can be found", "[unit]") {
  Drawing tall = At(3, "Nguyễn wohnt seit zwölf Jahren hier สมชาย 陳大文", DrawingKind::kWrapped);
  tall.height = 0.5;
  const std::string sealed =
      SealedWith(Pdf(3), {At(1, "2027-06-01"), At(2, "Ωμέγα", DrawingKind::kSignature), tall});
  CHECK(absl::StrContains(TextOf(sealed, 1), "2027-06-01"));
  CHECK(absl::StrContains(TextOf(sealed, 2), "Ωμέγα"));
  const std::string text = TextOf(sealed, 3);
  for (const char* const word : {"Nguyễn", "zwölf", "สมชาย"}) CHECK(absl::StrContains(text, word));
  const std::string arabic = SealedWith(Blank({kWays[0]}), {At(1, "آدا لوفلايس")});
  CHECK(InkOf(arabic, At(1, "")).within > 10);
}

TEST_CASE("nothing is drawn beyond its place", "[unit]") {
  const std::string endless(500, 'W');
  for (const auto kind : {DrawingKind::kLine, DrawingKind::kWrapped, DrawingKind::kSignature}) {
    Drawing small = At(1, endless, kind);
    small.width = 0.1;
    small.height = 0.05;
    const Ink ink = InkOf(SealedWith(Blank({kWays[0]}), {small}), small);
    CHECK(ink.within > 10);
    CHECK(ink.elsewhere == 0);
  }
}

TEST_CASE("a drawn signature is shown, and what is no picture leaves a name", "[unit]") {
  TheAuthority().Run(
      "/usr/bin/python3 -c 'import struct, zlib\n"
      "def chunk(kind, data):\n"
      "  return (struct.pack(\">I\", len(data)) + kind + data +\n"
      "          struct.pack(\">I\", zlib.crc32(kind + data)))\n"
      "rows = zlib.compress((b\"\\0\" + b\"\\x10\\x10\\x10\\xff\" * 40) * 20)\n"
      "open(\"drawn.png\", \"wb\").write(b\"\\x89PNG\\r\\n\\x1a\\n\" + "
      "chunk(b\"IHDR\", struct.pack(\">IIBBBBB\", 40, 20, 8, 6, 0, 0, 0)) + "
      "chunk(b\"IDAT\", rows) + chunk(b\"IEND\", b\"\"))'");
  Drawing drawn = At(1, "Ada Lovelace", DrawingKind::kSignature);
  drawn.png = TheAuthority().Text("drawn.png");
  const std::string sealed = SealedWith(Blank({kWays[0]}), {drawn});
  const Ink ink = InkOf(sealed, drawn);
  CHECK(ink.within > 1000);
  CHECK(ink.elsewhere == 0);
  CHECK_FALSE(absl::StrContains(TextOf(sealed, 1), "Ada Lovelace"));
  for (const std::string& broken :
       {drawn.png.substr(0, 40), std::string("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", 16)}) {
    drawn.png = broken;
    CHECK(absl::StrContains(TextOf(SealedWith(Blank({kWays[0]}), {drawn}), 1), "Ada Lovelace"));
  }
}

TEST_CASE("a page of which nothing is as it should be is drawn on all the same", "[unit]") {
  for (const char* const page :
       {"/MediaBox [0 0 300 200] /Contents null", "/MediaBox [0 0 300 200] /Contents []",
        "/MediaBox [0 0 300 200] /Contents 99 0 R /Resources 7",
        "/MediaBox [0 0 300 200] /Resources << /XObject 7 >>", "/MediaBox (none) /Rotate (none)",
        "/MediaBox [0 0 300 200] /Rotate 45", "/MediaBox [0 0 300 200] /UserUnit -1"}) {
    INFO(page);
    const Drawing cross = At(1, "x", DrawingKind::kCross);
    CHECK(InkOf(SealedWith(Blank({page}), {cross}), cross).within > 10);
  }
}

TEST_CASE("of documents that are measured at once there are so many", "[unit]") {
  const std::string script = (TheAuthority().folder / "slow").string();
  std::ofstream(script) << "#!/bin/sh\nsleep 1\necho plain\n";
  REQUIRE(chmod(script.c_str(), 0700) == 0);
  SealerProcess sealer(script, *TheAuthority().key);
  std::atomic<int> measured = 0, away = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kMeasuredAtOnce + 2; ++i) {
    threads.emplace_back([&] {
      TextBlob blob("x");
      const absl::Status status = sealer.Measure(blob, 1).status();
      if (status.ok()) ++measured;
      if (absl::IsUnavailable(status)) ++away;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(measured == kMeasuredAtOnce);
  CHECK(away == 2);
  TextBlob blob("x");
  CHECK(sealer.Measure(blob, 1).ok());
}

}  // namespace
}  // namespace gatehouse::documents
