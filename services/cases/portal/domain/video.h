#pragma once

#include <optional>
#include <string>

#include "gatehouse/cases/v1/portal.pb.h"

namespace gatehouse::cases {

// The one video that a link of YouTube or Vimeo leads to, in any of the forms that they give out:
//   youtu.be/ID, youtube.com/watch?v=ID, /embed/ID, /shorts/ID, /live/ID, /v/ID, also on www., m.
//     and music., and youtube-nocookie.com/embed/ID;
//   vimeo.com/ID, vimeo.com/ID/HASH (unlisted), /channels/NAME/ID, /groups/NAME/videos/ID,
//     /showcase/N/video/ID, and player.vimeo.com/video/ID?h=HASH.
// Its start is kept (`t=90`, `t=1m30s`, `start=90`, `#t=90s`); a playlist around it and whatever
// else the link carries are not. Nothing for any other link, a playlist's among them.
std::optional<v1::Video> ParseVideo(const v1::VideoLink& link);

}  // namespace gatehouse::cases
