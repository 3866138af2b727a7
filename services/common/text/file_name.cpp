#include "services/common/text/file_name.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace gatehouse {
namespace {

constexpr size_t kExtensionMax = 20;
constexpr char kStreamOfWindows[] = ":$DATA";
constexpr UChar32 kBlankBraille = 0x2800;  // A symbol by its category, and shows nothing.

bool IsUtf8(const std::string& text) {
  const auto size = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < size;) {
    UChar32 c = 0;
    U8_NEXT(text.data(), i, size, c);
    if (c < 0) return false;
  }
  return true;
}

// Without folders, a drive letter, and NTFS's name of a file's own stream.
std::string LastPart(const std::string& path) {
  std::string name = path.substr(path.find_last_of("/\\") + 1);
  if (name.size() >= 2 && name[1] == ':' && absl::ascii_isalpha(name[0])) name.erase(0, 2);
  if (absl::EndsWithIgnoreCase(name, kStreamOfWindows)) {
    name.resize(name.size() - (sizeof(kStreamOfWindows) - 1));
    if (absl::EndsWith(name, ":")) name.pop_back();
  }
  return name;
}

// The character that stands for this one in a file's name; 0 where none does.
UChar32 Kept(UChar32 c) {
  const uint32_t category = U_GET_GC_MASK(c);
  if ((category & U_GC_C_MASK) != 0 || u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) {
    return 0;
  }
  if ((category & U_GC_Z_MASK) != 0 || c == kBlankBraille) return ' ';
  return c < 0x80 && absl::StrContains("<>:\"|?*", std::string(1, static_cast<char>(c))) ? '_' : c;
}

std::string Cleaned(const std::string& name) {
  icu::UnicodeString kept;
  const icu::UnicodeString text = icu::UnicodeString::fromUTF8(name);
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    if (const UChar32 c = Kept(text.char32At(i)); c != 0) kept.append(c);
  }
  UErrorCode error = U_ZERO_ERROR;
  const icu::UnicodeString composed =
      icu::Normalizer2::getNFCInstance(error)->normalize(kept, error);
  std::string clean;
  (U_SUCCESS(error) ? composed : kept).toUTF8String(clean);
  return clean;
}

std::string WithoutEnds(const std::string& name) {
  const size_t first = name.find_first_not_of(". ");
  if (first == std::string::npos) return "";
  return name.substr(first, name.find_last_not_of(". ") + 1 - first);
}

bool IsDevice(const std::string& name) {
  static const std::set<std::string> kDevices = {"CON",    "PRN",    "AUX",    "NUL",
                                                 "CLOCK$", "CONIN$", "CONOUT$"};
  std::string stem = absl::AsciiStrToUpper(name.substr(0, name.find('.')));
  absl::StripTrailingAsciiWhitespace(&stem);
  if (kDevices.count(stem) != 0) return true;
  if (!absl::StartsWith(stem, "COM") && !absl::StartsWith(stem, "LPT")) return false;
  static const std::set<std::string> kNumbers = {"0", "1", "2", "3", "4", "5", "6",
                                                 "7", "8", "9", "¹", "²", "³"};
  return kNumbers.count(stem.substr(3)) != 0;
}

// The longest beginning of `text` that fits, and does not end within a character or before a mark
// that belongs to its last one.
std::string Beginning(const std::string& text, size_t bytes) {
  const auto size = static_cast<int32_t>(text.size());
  int32_t end = 0, fits = 0;
  while (end < size) {
    int32_t next = end;
    UChar32 c = 0;
    U8_NEXT(text.data(), next, size, c);
    if ((U_GET_GC_MASK(c) & U_GC_M_MASK) == 0) fits = end;
    if (static_cast<size_t>(next) > bytes) return text.substr(0, fits);
    end = next;
  }
  return text;
}

std::string Shortened(const std::string& name) {
  if (name.size() <= kFileNameBytesMax) return name;
  const std::string extension = ExtensionOf(name);
  const size_t kept = extension.empty() ? 0 : extension.size() + 1;
  return WithoutEnds(Beginning(name.substr(0, name.size() - kept), kFileNameBytesMax - kept)) +
         name.substr(name.size() - kept);
}

}  // namespace

std::string SafeFileName(const std::string& name) {
  if (!IsUtf8(name)) return "";
  const std::string clean = WithoutEnds(Cleaned(LastPart(name)));
  return Shortened(IsDevice(clean) ? "_" + clean : clean);
}

std::string ExtensionOf(const std::string& name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos || name.size() - dot - 1 > kExtensionMax) return "";
  const std::string extension = absl::AsciiStrToLower(name.substr(dot + 1));
  return absl::StrContains(extension, " ") ? "" : extension;
}

}  // namespace gatehouse
