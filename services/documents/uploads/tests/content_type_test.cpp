#include <catch2/catch.hpp>

#include "services/common/base/status.h"
#include "services/documents/tests/files.h"
#include "services/documents/tests/fixture.h"
#include "services/documents/uploads/domain/content_type.h"
#include "services/documents/uploads/domain/text_kind.h"
#include "services/documents/uploads/magic_sniffer.h"

namespace gatehouse::documents {
namespace {

// What a file is taken for, and whether it is taken.
std::string Decide(const std::string& bytes, const std::string& extension = "",
                   const std::string& said = "") {
  static const auto sniffer = MagicSniffer::Open().value();
  const std::string head = bytes.substr(0, kHead);
  const TypeHints hints = {extension, said};
  TextBlob file(bytes);
  const std::string type =
      IsContainer(head)
          ? ContainerTypeOf(head, file, static_cast<int64_t>(bytes.size()), hints).value()
          : TypeOf(head, sniffer->Sniff(head).value(), hints);
  const absl::Status checked = CheckType(type, extension, DefaultRules().allowed_types);
  return checked.ok() ? type : "refused " + type;
}

std::string Media(const std::string& brand) {
  return std::string(
             "\0\0\0\x18"
             "ftyp",
             8) +
         brand + std::string("\0\0\0\0", 4) + brand + std::string(64, '\0');
}

const std::string kJpeg("\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0", 20);
const std::string kPng("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0", 29);

TEST_CASE("what a browser says is a hint, and the bytes decide", "[unit]") {
  for (const char* said :
       {"", "application/pdf", "Application/PDF", "application/pdf; charset=binary",
        "application/octet-stream", "application/x-www-form-urlencoded", "binary/octet-stream",
        "application/x-pdf", "application/force-download", "image/png", "nonsense"}) {
    CHECK(Decide(kPdf, "pdf", said) == "application/pdf");
  }
  CHECK(Decide(kJpeg, "jpg", "image/jpg") == "image/jpeg");
  CHECK(Decide(kJpeg, "png", "image/png") == "image/jpeg");
  CHECK(Decide(Media("heic"), "heic", "image/heif") == "image/heic");
  CHECK(Decide(Media("mif1"), "heif", "image/heic") == "image/heif");
  CHECK(Decide(ZipOf({{"a", "b"}}), "zip", "application/x-zip-compressed") == "application/zip");
  CHECK(Decide("a;b\n1;2\n", "csv", "application/vnd.ms-excel") == "text/csv");
  CHECK(Decide(Ooxml("xl", true), "xlsx", "application/zip") ==
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
}

TEST_CASE("pictures, films and drawings are taken", "[unit]") {
  CHECK(Decide(kPng, "png") == "image/png");
  CHECK(Decide(std::string("GIF89a\1\0\1\0\x80\0\0", 13)) == "image/gif");
  CHECK(Decide(std::string("RIFF\x1a\0\0\0WEBPVP8L\r\0\0\0/\0\0\0", 24)) == "image/webp");
  CHECK(Decide(std::string("II*\0\x08\0\0\0\0\0", 10)) == "image/tiff");
  CHECK(Decide(Media("avif")) == "image/avif");
  for (const char* brand : {"isom", "mp42", "iso5", "avc1", "M4V ", "zzzz"}) {
    CHECK(Decide(Media(brand), "mp4", "video/mp4") == "video/mp4");
  }
  CHECK(Decide(Media("qt  "), "mov") == "video/quicktime");
  CHECK(Decide(Media("3gp5"), "3gp") == "video/3gpp");
  CHECK(Decide("AC1032" + std::string(100, '\0'), "dwg") == "image/vnd.dwg");
  CHECK(Decide("  0\r\nSECTION\r\n  2\r\nHEADER\r\n  9\r\n$ACADVER\r\n", "dxf") == "image/vnd.dxf");
}

TEST_CASE("among kinds of text the extension decides, where the bytes could be that", "[unit]") {
  const std::string card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nEND:VCARD\r\n";
  const std::string event = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n";
  CHECK(Decide(card, "vcf") == "text/vcard");
  CHECK(Decide(event, "ics") == "text/calendar");
  CHECK(Decide("\xef\xbb\xbf{\"a\": 1}", "json") == "application/json");
  CHECK(Decide("<?xml version=\"1.0\"?><a/>", "xml", "application/xml") == "text/xml");
  CHECK(Decide("a,b\n1,2\n", "csv") == "text/csv");
  CHECK(Decide("\xef\xbb\xbfname;\xc3\xbc\r\n", "csv") == "text/csv");
  CHECK(Decide(std::string("\xff\xfe"
                           "a\0;\0b\0\n\0",
                           10),
               "csv") == "text/csv");
  CHECK(Decide("a\tb\n", "tsv") == "text/tab-separated-values");
  CHECK(Decide("# Title\n", "md") == "text/markdown");
  CHECK(Decide("ISO-10303-21;\nHEADER;\n", "ifc") == "application/x-step");
  CHECK(Decide("{\\rtf1\\ansi hello}", "rtf", "application/rtf") == "text/rtf");
  CHECK(Decide("hello", "json") == "text/plain");
  CHECK(Decide("hello", "vcf") == "text/plain");
  CHECK(Decide("hello", "pdf", "application/pdf") == "text/plain");
  // Without a name that tells, the sender's word counts, and then how it begins.
  CHECK(Decide("a,b\n1,2\n", "", "text/csv") == "text/csv");
  CHECK(Decide("a,b\n1,2\n") == "text/plain");
  CHECK(Decide(card) == "text/vcard");
  CHECK(Decide(event, "", "application/octet-stream") == "text/calendar");
}

TEST_CASE("text that resembles source is text", "[unit]") {
  for (const char* text :
       {"#include <stdio.h>\nint main() { return 0; }\n", "import os\ndef f(a):\n  return 1\n",
        "import java.util.*;\npublic class A {\n}\n", "@echo off\r\necho hi\r\n",
        ".TH A B\n.SH x\n", "diff --git a b\n--- a\n+++ b\n@@ -1 +1 @@\n-a\n+b\n", "x",
        "BM we sell", "Dear all,\nplease use <html> in the page, and <script> too.\n", "{ not json",
        "M\xfcller Stra\xdf"
        "e, sch\xf6n\n",
        "From here on: no.\nAnd so on.\n"}) {
    CHECK(Decide(text, "txt") == "text/plain");
    CHECK(Decide(text) == "text/plain");
  }
  CHECK(Decide("#!/bin/sh\necho\n", "txt") == "text/plain");
}

TEST_CASE("a saved mail is one, whichever of its fields comes first", "[unit]") {
  const std::string rest = "\r\n\r\n<html><body>Hello</body></html>\r\n";
  for (const char* head :
       {"Received: from a\r\n by b\r\nFrom: a@b.c", "Subject: x\r\nFrom: a@b.c",
        "X-Mozilla-Status: 0001\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nFrom: a@b.c",
        "From - Mon Jan 1\r\nReturn-Path: <a@b.c>\r\nTo: c@d.e",
        "MIME-Version: 1.0\nDate: Mon, 1 Jan 2024 00:00:00 +0000\nContent-Type: text/html"}) {
    CHECK(Decide(head + rest, "eml") == "message/rfc822");
    CHECK(Decide(head + rest) == "message/rfc822");
  }
  CHECK(Decide("Subject: only one field" + rest, "eml") == "text/plain");
}

TEST_CASE("signed messages are taken", "[unit]") {
  const std::string name = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
  const std::string der = std::string("\x30\x82\x01\x00", 4) + name + std::string(200, '\x01');
  CHECK(Decide(der, "p7m") == "application/pkcs7-mime");
  CHECK(Decide(der, "p7s") == "application/pkcs7-signature");
  CHECK(Decide(std::string("\x30\x80") + name + std::string(200, '\0')) ==
        "application/pkcs7-mime");
}

TEST_CASE("office files of all ages are taken", "[unit]") {
  CHECK(Decide(Ole({"WordDocument"}, {.before_directory = 500}), "doc") == "application/msword");
  CHECK(Decide(Ole({"Workbook"}, {.before_directory = 500}), "xls") == "application/vnd.ms-excel");
  CHECK(Decide(Ole({"PowerPoint Document"}, {.before_directory = 500}), "ppt") ==
        "application/vnd.ms-powerpoint");
  CHECK(Decide(Ole({"__properties_version1.0"}, {.before_directory = 500}), "msg") ==
        "application/vnd.ms-outlook");
  CHECK(Decide(Ole({"EncryptedPackage"}), "docx") ==
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
  CHECK(Decide(Ole({"EncryptedPackage"}), "") == "application/encrypted");
  CHECK(Decide(OpenDocument("text"), "odt") == "application/vnd.oasis.opendocument.text");
}

TEST_CASE("what a browser or a system would run is refused, whatever it is called", "[unit]") {
  for (const char* extension : {"pdf", "txt", "", "doc"}) {
    CHECK(Decide("MZ\x90" + std::string(100, '\0'), extension) == "refused application/x-dosexec");
    for (const char* html :
         {"<!doctype html><script>x</script>", "<HTML>", " \r\n<script src=x></script>",
          "<!-- a --><!-- b --><body onload=x>", "\xef\xbb\xbf<iframe src=x>",
          "<a href=javascript:x>", "<table><tr>"}) {
      CHECK(Decide(html, extension) == "refused text/html");
    }
    CHECK(Decide("<?xml version=\"1.0\"?><!DOCTYPE svg PUBLIC \"x\"><svg xmlns=\"x\"/>",
                 extension) == "refused image/svg+xml");
    CHECK(Decide("<svg onload=\"x\"/>", extension) == "refused image/svg+xml");
    CHECK(Decide("<?xml version=\"1.0\"?><html xmlns=\"x\"/>", extension) ==
          "refused application/xhtml+xml");
    CHECK(Decide(std::string("\xff\xfe<\0h\0t\0m\0l\0>\0", 14), extension) == "refused text/html");
    CHECK(Decide(std::string("\xca\xfe\xba\xbe\0\0\0\x34", 8) + std::string(60, '\0'), extension) ==
          "refused application/x-java-applet");
  }
  CHECK(Decide("#!/bin/sh\necho\n") == "refused text/x-shellscript");
  CHECK(Decide(ZipOf({{"META-INF/MANIFEST.MF", ""}, {"A.class", ""}}), "zip") ==
        "refused application/java-archive");
}

TEST_CASE("an extension that a system would run is refused, whatever is in it", "[unit]") {
  for (const char* extension : {"exe", "bat", "js", "html", "svg", "lnk", "hta", "vbs", "url"}) {
    CHECK(Decide("hello", extension) == "refused text/plain");
    CHECK(Decide(kPdf, extension) == "refused application/pdf");
  }
  const absl::Status refusal = CheckType("application/pdf", "exe", DefaultRules().allowed_types);
  CHECK(FactsOf(refusal)["extension"] == "exe");
  CHECK(FactsOf(refusal)["contentType"] == "application/pdf");
}

TEST_CASE("what is not on the list is refused by what was seen", "[unit]") {
  for (const std::string& bytes :
       {std::string(50, '\0'), "MZ\x90" + std::string(50, '\0'), "text" + std::string(1, '\0')}) {
    CHECK(Decide(bytes, "txt", "text/plain") == "refused application/octet-stream");
  }
  CHECK(Decide("%!PS-Adobe-3.0\n", "ps") == "refused application/postscript");
  CHECK(Decide(Ole({"Something"}), "doc") == "refused application/x-ole-storage");
  const absl::Status refusal = CheckType("application/x-7z-compressed", "7z", {"application/pdf"});
  CHECK(ReasonOf(refusal) == "CONTENT_TYPE_NOT_ALLOWED");
  CHECK(FactsOf(refusal)["contentType"] == "application/x-7z-compressed");
  CHECK(FactsOf(refusal).count("extension") == 0);
  CHECK(std::string(refusal.message()).find("x-7z-compressed") != std::string::npos);
  // An organisation's list is the whole of it, but for what is dangerous.
  CHECK(CheckType("application/x-7z-compressed", "7z", {"application/x-7z-compressed"}).ok());
  CHECK_FALSE(CheckType("text/html", "", {"text/html"}).ok());
}

TEST_CASE("a type has one name", "[unit]") {
  CHECK(CanonicalType(" Image/JPG ; q=1") == "image/jpeg");
  CHECK(CanonicalType("application/x-zip-compressed") == "application/zip");
  CHECK(CanonicalType("text/plain") == "text/plain");
}

TEST_CASE("text has none of the bytes that only binary data has", "[unit]") {
  CHECK(IsText("a\tb\r\n\f\x1b[1m\x7f\xff"));
  CHECK(IsText(""));
  for (const char byte : {'\0', '\x01', '\x08', '\x0b', '\x0e', '\x1a', '\x1c', '\x1f'}) {
    CHECK_FALSE(IsText(std::string("a") + byte));
    CHECK(IsText("\xff\xfe" + std::string("a") + byte));
  }
}

}  // namespace
}  // namespace gatehouse::documents
