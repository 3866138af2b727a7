#pragma once

#include <string>

#include "gatehouse/common/v1/options.pb.h"

namespace gatehouse {

// Code points of a text that is known to be UTF-8.
size_t CodePoints(const std::string& text);

// Why a text does not have a format, as a sentence's end ("must be …"); empty if it has it.
std::string MistakeInFormat(common::v1::Format format, const std::string& text);

}  // namespace gatehouse
