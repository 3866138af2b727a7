#pragma once

#include <string>

namespace gatehouse::documents {

// Whether these bytes, a file's first, are text in some encoding: none of those that only binary
// data has (MIME Sniffing, section 3, "binary data byte"), or a byte order mark before them.
bool IsText(const std::string& head);

// What a browser would make of a text: `text/html`, `application/xhtml+xml`, `image/svg+xml`,
// `text/xml`; empty for any other. By how it begins, spaces and comments apart, as a browser does
// (MIME Sniffing, section 7.1): that a text speaks of HTML does not make it that.
std::string MarkupOf(const std::string& head);

// Which kind of text this is, between its bytes, its name and what the sender said: the extension
// decides (else the sender's word, else how the text begins) among kinds that the bytes could be.
// `text/plain` for all else.
std::string TextKind(const std::string& head, const std::string& extension,
                     const std::string& said);

}  // namespace gatehouse::documents
