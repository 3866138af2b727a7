#include <catch2/catch.hpp>

#include "services/common/base/status.h"
#include "services/documents/tests/files.h"
#include "services/documents/uploads/domain/content_type.h"
#include "services/documents/uploads/domain/ole_file.h"
#include "services/documents/uploads/domain/zip_file.h"

namespace gatehouse::documents {
namespace {

const std::string kWord = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const std::string kExcel = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const std::string kSlides =
    "application/vnd.openxmlformats-officedocument.presentationml.presentation";

std::string ZipTypeOf(const std::string& bytes, const std::string& extension = "") {
  TextBlob blob(bytes);
  return ZipType(blob, static_cast<int64_t>(bytes.size()), extension).value();
}

std::string OleTypeOf(const std::string& bytes, const std::string& extension = "") {
  TextBlob blob(bytes);
  return OleType(blob, extension).value();
}

TEST_CASE("a ZIP file is what its directory says, in whichever order it was packed", "[unit]") {
  for (const bool anew : {false, true}) {
    CHECK(ZipTypeOf(Ooxml("word", anew)) == kWord);
    CHECK(ZipTypeOf(Ooxml("xl", anew)) == kExcel);
    CHECK(ZipTypeOf(Ooxml("ppt", anew)) == kSlides);
  }
  CHECK(ZipTypeOf(Ooxml("visio")) == "application/vnd.ms-visio.drawing");
  CHECK(ZipTypeOf(ZipOf({{"[Content_Types].xml", ""}, {"word\\document.xml", ""}})) == kWord);
  CHECK(ZipTypeOf(ZipOf({{"a.txt", "hello"}})) == "application/zip");
  CHECK(ZipTypeOf(ZipOf({})) == "application/zip");
  CHECK(ZipTypeOf(ZipOf({{"word/a", ""}, {"xl/b", ""}})) == "application/zip");
}

TEST_CASE("an Office file with macros is named as one", "[unit]") {
  CHECK(ZipTypeOf(Ooxml("word", false, {{"word/vbaProject.bin", "x"}})) ==
        "application/vnd.ms-word.document.macroEnabled.12");
  CHECK(ZipTypeOf(Ooxml("xl", true, {{"xl/vbaProject.bin", "x"}})) ==
        "application/vnd.ms-excel.sheet.macroEnabled.12");
  CHECK(ZipTypeOf(Ooxml("ppt", true, {{"ppt/vbaProject.bin", "x"}})) ==
        "application/vnd.ms-powerpoint.presentation.macroEnabled.12");
  CHECK(ZipTypeOf(Ooxml("xl", false, {{"xl/workbook.bin", "x"}})) ==
        "application/vnd.ms-excel.sheet.binary.macroEnabled.12");
}

TEST_CASE("an OpenDocument file says what it is, or its extension does", "[unit]") {
  for (const char* kind : {"text", "spreadsheet", "presentation", "graphics"}) {
    CHECK(ZipTypeOf(OpenDocument(kind)) ==
          "application/vnd.oasis.opendocument." + std::string(kind));
  }
  const ZipEntries packed_anew = {{"content.xml", "<x/>"}, {"mimetype", "compressed"}};
  CHECK(ZipTypeOf(ZipOf(packed_anew, {.deflated = true}), "ods") ==
        "application/vnd.oasis.opendocument.spreadsheet");
  CHECK(ZipTypeOf(ZipOf(packed_anew, {.deflated = true}), "zip") == "application/zip");
  // It may not say just anything.
  CHECK(ZipTypeOf(ZipOf({{"mimetype", "text/html"}})) == "application/zip");
}

TEST_CASE("programs in a ZIP are named", "[unit]") {
  CHECK(ZipTypeOf(ZipOf({{"META-INF/MANIFEST.MF", ""}, {"a/B.class", ""}})) ==
        "application/java-archive");
  CHECK(ZipTypeOf(ZipOf({{"META-INF/MANIFEST.MF", ""}}), "jar") == "application/java-archive");
  CHECK(ZipTypeOf(ZipOf({{"META-INF/MANIFEST.MF", ""}}), "zip") == "application/zip");
  CHECK(ZipTypeOf(ZipOf({{"AndroidManifest.xml", ""}, {"[Content_Types].xml", ""}})) ==
        "application/vnd.android.package-archive");
}

TEST_CASE("a ZIP's directory is found behind a comment, and in ZIP64's way", "[unit]") {
  const ZipEntries entries = {{"word/document.xml", "x"}, {"[Content_Types].xml", "x"}};
  CHECK(ZipTypeOf(ZipOf(entries, {.comment = std::string(65535, 'c')})) == kWord);
  CHECK(ZipTypeOf(ZipOf(entries, {.zip64 = true})) == kWord);
  CHECK(ZipTypeOf(ZipOf(entries, {.comment = "c", .zip64 = true})) == kWord);
}

TEST_CASE("a broken ZIP is a ZIP, and costs little", "[unit]") {
  const std::string whole = Ooxml("word");
  for (size_t cut = 1; cut < 200; cut += 7) {
    CHECK(ZipTypeOf(whole.substr(0, whole.size() - cut)) == "application/zip");
  }
  CHECK(ZipTypeOf("PK\x03\x04") == "application/zip");
  // Numbers that lead out of the file, or in circles.
  for (size_t at = whole.size() - 22; at < whole.size(); ++at) {
    std::string wild = whole;
    wild[at] = '\xff';
    TextBlob blob(wild);
    CHECK(ZipType(blob, static_cast<int64_t>(wild.size()), "").ok());
    CHECK(blob.reads() < 10);
  }
  ZipEntries many(100000, {"a/file/with/a/longer/name/than/most.txt", ""});
  many.emplace_back("[Content_Types].xml", "");
  CHECK(ZipTypeOf(ZipOf(many)) == "application/zip");  // Beyond what is looked at.
}

TEST_CASE("an OLE file is what the streams at its root say", "[unit]") {
  CHECK(OleTypeOf(Ole({"\x05SummaryInformation", "WordDocument", "1Table"})) ==
        "application/msword");
  CHECK(OleTypeOf(Ole({"Workbook"})) == "application/vnd.ms-excel");
  CHECK(OleTypeOf(Ole({"Book"})) == "application/vnd.ms-excel");
  CHECK(OleTypeOf(Ole({"Current User", "PowerPoint Document"})) == "application/vnd.ms-powerpoint");
  CHECK(OleTypeOf(Ole({"__nameid_version1.0", "__properties_version1.0"})) ==
        "application/vnd.ms-outlook");
  CHECK(OleTypeOf(Ole({"VisioDocument"})) == "application/vnd.visio");
  CHECK(OleTypeOf(Ole({"Something"})) == "application/x-ole-storage");
  CHECK(OleTypeOf(Ole({})) == "application/x-ole-storage");
}

TEST_CASE("what an OLE file holds does not make it that", "[unit]") {
  CHECK(OleTypeOf(Ole({"Workbook"}, {.nested = {"WordDocument"}})) == "application/vnd.ms-excel");
  CHECK(OleTypeOf(Ole({"Other"}, {.nested = {"WordDocument"}})) == "application/x-ole-storage");
}

TEST_CASE("an OLE file's directory may lie anywhere in it", "[unit]") {
  // Behind 64 KiB, behind what one allocation table maps, and behind what the header lists.
  for (const size_t sectors : {200u, 1000u, 14000u, 60000u}) {
    CHECK(OleTypeOf(Ole({"a", "b", "c", "d", "e", "WordDocument"},
                        {.before_directory = sectors})) == "application/msword");
  }
  CHECK(OleTypeOf(Ole({"Workbook"}, {.sector_shift = 12, .before_directory = 100})) ==
        "application/vnd.ms-excel");
}

TEST_CASE("what a password protects is what its extension says", "[unit]") {
  const std::string locked = Ole({"EncryptionInfo", "EncryptedPackage"});
  CHECK(OleTypeOf(locked, "docx") == kWord);
  CHECK(OleTypeOf(locked, "xlsx") == kExcel);
  CHECK(OleTypeOf(locked, "pptx") == kSlides);
  CHECK(OleTypeOf(locked, "") == "application/encrypted");
}

TEST_CASE("an installer is named", "[unit]") {
  const std::string installer("\x84\x10\x0c\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46",
                              16);
  CHECK(OleTypeOf(Ole({"WordDocument"}, {.class_id = installer})) == "application/x-msi");
}

TEST_CASE("a broken OLE file is no more than that, and costs little", "[unit]") {
  const std::string whole = Ole({"a", "b", "c", "WordDocument"}, {.before_directory = 20});
  for (const size_t size : {0u, 8u, 511u, 512u, 2000u}) {
    CHECK(OleTypeOf(whole.substr(0, size)) == "application/x-ole-storage");
  }
  // Each number of the header wild, with tables that refer to themselves.
  for (size_t at = 28; at < 80; ++at) {
    for (const char byte : {'\x00', '\x01', '\x7f', '\xf9', '\xff'}) {
      std::string wild = whole;
      wild[at] = byte;
      TextBlob blob(wild);
      CHECK(OleType(blob, "").ok());
      CHECK(blob.reads() <= 65536);
    }
  }
  std::string circle = whole;
  const size_t allocation = 512 * (1 + 20 + 2);  // The directory's first sector leads to itself.
  circle.replace(allocation + 4 * 20, 4, std::string("\x14\x00\x00\x00", 4));
  TextBlob blob(circle);
  CHECK(OleType(blob, "").ok());
  CHECK(blob.reads() <= 65536);
}

}  // namespace
}  // namespace gatehouse::documents
