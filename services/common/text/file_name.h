#pragma once

#include <string>

namespace gatehouse {

constexpr size_t kFileNameBytesMax = 255;  // What ext4, NTFS, APFS and ZIP tools all take.

// The name under which a file may be kept and offered on any system: the last part of a path in
// Unicode's NFC, by the general category of each character and no other rule:
//
//   C* (control, format, surrogate, private, unassigned) and what Unicode calls default ignorable
//      (zero-width, directions, fillers, variation selectors) is left out;
//   Z* (any kind of space) is a space;
//   what Windows reserves (< > : " | ? *) is `_`; a drive letter and `::$DATA` are left out;
//   no dots and spaces at either end; a device of Windows (`NUL .pdf`, `CON.`) begins with `_`;
//   at most 255 bytes of UTF-8, cut between characters before the extension.
//
// Empty where nothing is left, or the text is not UTF-8.
std::string SafeFileName(const std::string& name);

// What follows a name's last dot, in lower case: `pdf`. Empty where there is none, it is longer
// than 20 bytes, or has a space.
std::string ExtensionOf(const std::string& name);

}  // namespace gatehouse
