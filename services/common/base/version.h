#pragma once

namespace gatehouse {

// What this program was built from: `--version`, gatehouse_build_info, the image's labels.
extern const char kVersion[];  // 0.1.0
extern const char kCommit[];   // A git commit's short id; "unknown" outside of a checkout.

}  // namespace gatehouse
