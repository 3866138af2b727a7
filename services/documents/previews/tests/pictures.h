#pragma once

#include <string>

#include "services/documents/child/child.h"
#include "services/documents/previews/domain/previewer.h"
#include "tests/support/places.h"

namespace gatehouse::documents {

inline const std::string kPreviewerProgram = InBuild("services/previewer/gatehouse-previewer");

// Images as tests need them. One of `width` by `height` pixels that is red in its upper left
// quarter and blue elsewhere.
std::string Png(int width, int height);
// A part of one, with its length and its sum.
std::string PngChunk(const std::string& type, const std::string& data);
// One that says to be so large, of nothing but black.
std::string BlackPng(int side);
// A JPEG that a camera held sideways made: `jpeg` with a note to turn it right.
std::string Sideways(const std::string& jpeg);

// How long its sides are, and in which corners it is red rather than blue: `tl`, `tr`, `bl`, `br`.
std::string Look(const std::string& jpeg);

// What the program makes of these bytes.
absl::StatusOr<Preview> PreviewOf(const std::string& bytes, const std::string& content_type,
                                  int pixels = 1024);
absl::StatusOr<Preview> PreviewOf(const std::string& bytes, const std::string& content_type,
                                  int pixels, const ChildLimits& limits);

// What a phone makes that is held upright: HEIC of 400 by 300 pixels, to be turned right, with the
// same said once more in its Exif, which is not to be followed. Its upper right is red then.
std::string PhonePhoto();

}  // namespace gatehouse::documents
