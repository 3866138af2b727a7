#pragma once

#include <vector>

namespace gatehouse::cases {

// A position, in degrees of WGS 84.
struct Position {
  double longitude = 0, latitude = 0;
  bool operator==(const Position&) const = default;
};

// A closed ring: its last position is its first.
using Ring = std::vector<Position>;

// A shape on the ground: its outer ring, and those of its holes.
struct Shape {
  std::vector<Ring> rings;
};

constexpr size_t kPositionsMax = 1000;  // Of a shape, those of all rings together.
constexpr size_t kRingsMax = 10;

}  // namespace gatehouse::cases
