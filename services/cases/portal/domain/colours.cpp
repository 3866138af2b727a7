#include "services/cases/portal/domain/colours.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_format.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::cases {
namespace {

// One channel of sRGB, made linear.
double Linear(const std::string& colour, size_t channel) {
  const std::string digits = colour.substr(1 + 2 * channel, 2);
  const double value = static_cast<double>(std::strtol(digits.c_str(), nullptr, 16)) / 255;
  return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

double Luminance(const std::string& colour) {
  return 0.2126 * Linear(colour, 0) + 0.7152 * Linear(colour, 1) + 0.0722 * Linear(colour, 2);
}

}  // namespace

double ContrastOf(const std::string& one, const std::string& other) {
  const auto [darker, lighter] = std::minmax({Luminance(one), Luminance(other)});
  return (lighter + 0.05) / (darker + 0.05);
}

absl::Status CheckColours(const v1::PortalColours& colours) {
  struct Pair {
    const char *text, *ground;
    const std::string &text_colour, &ground_colour;
  };
  for (const Pair& pair : {Pair{"text", "background", colours.text(), colours.background()},
                           Pair{"link", "background", colours.link(), colours.background()},
                           Pair{"buttonText", "button", colours.button_text(), colours.button()}}) {
    const double contrast = ContrastOf(pair.text_colour, pair.ground_colour);
    if (contrast >= kContrastMin) continue;
    // Cut, not rounded: 4.499 is not shown as enough.
    const std::string ratio = absl::StrFormat("%.2f", std::floor(contrast * 100) / 100);
    const absl::Status refusal =
        Refuse(v1::CONTRAST_TOO_LOW, "the text cannot be read on its ground: take other colours");
    return WithFact(WithFact(WithFact(refusal, "text", pair.text), "ground", pair.ground), "ratio",
                    ratio);
  }
  return absl::OkStatus();
}

}  // namespace gatehouse::cases
