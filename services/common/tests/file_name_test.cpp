#include <catch2/catch.hpp>

#include "services/common/text/file_name.h"

namespace gatehouse {
namespace {

struct Case {
  const char* given;
  const char* safe;
};

TEST_CASE("a file's name is kept as people write it", "[unit]") {
  for (const char* name :
       {"payslip.pdf", "Lohnzettel März 📄.pdf", "résumé 履歴書.pdf", "מסמך.pdf", "عقد.docx",
        "a.tar.gz", "no extension", "50% off & more, (final) [v2] {x} ~ #1 'a' `b` ^ = + @ !.txt",
        "common.pdf", "console.log", "COM10.pdf", "null.pdf", "nulls", "LPT.txt"}) {
    CHECK(SafeFileName(name) == name);
  }
}

TEST_CASE("a file's name is the last part of a path", "[unit]") {
  for (const Case& c : std::vector<Case>{
           {"../../etc/passwd", "passwd"},
           {"..\\..\\windows\\evil.pdf", "evil.pdf"},
           {"C:\\Users\\ada\\pay slip.pdf", "pay slip.pdf"},
           {"C:boot.pdf", "boot.pdf"},
           {"\\\\server\\share\\a.pdf", "a.pdf"},
           {"a.pdf::$DATA", "a.pdf"},
           {"a.pdf::$data", "a.pdf"},
           {"a.pdf:hidden.exe:$DATA", "a.pdf_hidden.exe"},
           {"a.pdf:$DATA", "a.pdf"},
       }) {
    CHECK(SafeFileName(c.given) == c.safe);
  }
}

TEST_CASE("what shows nothing, or turns a name around, is left out", "[unit]") {
  for (const Case& c : std::vector<Case>{
           {"a\r\nSet-Cookie: x\x01.pdf", "aSet-Cookie_ x.pdf"},
           {"invoice\u202efdp.exe", "invoicefdp.exe"},
           {"a\u061cb.pdf", "ab.pdf"},                                  // Arabic letter mark
           {"a\u200bb\u200cc\u200dd\u2060e\ufefff.pdf", "abcdef.pdf"},  // zero-width
           {"\u2066a\u2069\u200e\u200f.pdf", "a.pdf"},                  // isolates, marks
           {"a\u00adb.pdf", "ab.pdf"},                                  // soft hyphen
           {"a\u0085\u009fb.pdf", "ab.pdf"},                            // C1
           {"a\u3164b\u115f\uffa0.pdf", "ab.pdf"},                      // Hangul fillers
           {"a\ufe0fb.pdf", "ab.pdf"},                                  // a variation selector
           {"a\U000e0041b.pdf", "ab.pdf"},                              // a tag
           {"a\ue000b\ufffeb.pdf", "abb.pdf"},                          // private, no character
           {"a\u2028b\u2029c.pdf", "a b c.pdf"},
           {"Screenshot 10.00\u202fAM.png", "Screenshot 10.00 AM.png"},
           {"a\u00a0b\u3000c\u2800d.pdf", "a b c d.pdf"},
       }) {
    CHECK(SafeFileName(c.given) == c.safe);
  }
}

TEST_CASE("a file's name is one that Windows takes", "[unit]") {
  for (const Case& c : std::vector<Case>{
           {"a<b>c|d?e*f\"g.pdf", "a_b_c_d_e_f_g.pdf"},
           {"Offer: final.pdf", "Offer_ final.pdf"},
           {"nul.txt", "_nul.txt"},
           {"NUL .pdf", "_NUL .pdf"},
           {"CON.", "_CON"},
           {"con", "_con"},
           {"Aux.tar.gz", "_Aux.tar.gz"},
           {"COM1.pdf", "_COM1.pdf"},
           {"LPT\u00b9.pdf", "_LPT\u00b9.pdf"},
           {"CONIN$", "_CONIN$"},
           {"N\u200bUL.pdf", "_NUL.pdf"},
           {"a.pdf. . .", "a.pdf"},
           {" .. a.pdf ", "a.pdf"},
           {".htaccess", "htaccess"},
       }) {
    CHECK(SafeFileName(c.given) == c.safe);
  }
}

TEST_CASE("a name of nothing, or of no text, is none", "[unit]") {
  for (const char* name :
       {"", ".", "..", "/", "a/", "   ", "\r\n", "\u202e", "\u200b.\u200b", "\x80\xff", "a\xc3",
        "\xc0\x80.pdf", "\xed\xa0\x80.pdf", ":$DATA", "C:", "\u3000"}) {
    CHECK(SafeFileName(name).empty());
  }
}

TEST_CASE("a decomposed name is composed, as other systems write it", "[unit]") {
  CHECK(SafeFileName("re\u0301sume\u0301.pdf") == "r\u00e9sum\u00e9.pdf");
}

TEST_CASE("a long name is cut before its extension, between characters", "[unit]") {
  const std::string exact = std::string(251, 'x') + ".pdf";
  CHECK(SafeFileName(exact) == exact);
  CHECK(SafeFileName("x" + exact) == exact);
  std::string wide;
  for (int i = 0; i < 200; ++i) wide += "\u5c65";  // Three bytes each.
  const std::string cut = SafeFileName(wide + ".docx");
  CHECK(cut == wide.substr(0, 249) + ".docx");
  CHECK(SafeFileName(wide).size() == 255);
  // A mark stays with its letter: x with an acute accent has no composed form.
  std::string marked = std::string(249, 'a') + "x\u0301";
  CHECK(SafeFileName(marked + "bbbb.pdf") == std::string(249, 'a') + ".pdf");
  // What only looks like an extension is cut like the rest.
  CHECK(SafeFileName(std::string(300, 'a') + "." + std::string(30, 'b')).size() == 255);
  CHECK(SafeFileName(std::string(240, 'a') + std::string(40, '.') + "pdf") ==
        std::string(240, 'a') + ".pdf");
  CHECK(SafeFileName("con" + std::string(300, ' ') + ".pdf") == "_con.pdf");
}

TEST_CASE("an extension is what follows the last dot", "[unit]") {
  CHECK(ExtensionOf("a.PDF") == "pdf");
  CHECK(ExtensionOf("a.tar.gz") == "gz");
  CHECK(ExtensionOf("a").empty());
  CHECK(ExtensionOf("a.").empty());
  CHECK(ExtensionOf("Dr. Who").empty());
  CHECK(ExtensionOf("a." + std::string(21, 'b')).empty());
}

}  // namespace
}  // namespace gatehouse
