#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "services/sealer/drawing.h"
#include "services/sealer/page.h"

namespace gatehouse::sealer {

// What makes a document one that cannot be sealed, by a name.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// How many bytes of a signature there is room for: one of RSA-4096 with its chain and a time stamp.
constexpr size_t kSignatureBytesMax = 16000;

struct Prepared {
  std::string pdf;  // With its byte range, and zeros in the signature's place.
  // Where the signature's hexadecimal digits stand, without the brackets around them.
  size_t signature_offset = 0, signature_digits = 0;
};

// The document with the certificate's pages behind it, and an empty signature field over all, whose
// signature a PAdES one is to be (ETSI EN 319 142-1). One that is signed already stays as it is, as
// an attachment of the certificate, which is sealed alone: every change would break what it bears.
// Into any other one the drawings are laid first. Refuses PDF_ENCRYPTED, and PDF_BROKEN for what
// cannot be read as a PDF.
struct Parts {
  std::string document, filename, signing_time;
  std::vector<Line> certificate;
  std::vector<Drawing> drawings;
};
Prepared Prepare(const Parts& parts);

// What has to be known of a document before anything is placed on its pages.
struct Measured {
  bool is_signed = false;
  std::vector<Size> pages;  // As they are shown; zero for one of which that makes no sense.
};
// Refuses as Prepare() does.
Measured Measure(const std::string& document);

}  // namespace gatehouse::sealer
