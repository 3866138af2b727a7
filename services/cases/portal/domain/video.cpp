#include "services/cases/portal/domain/video.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace gatehouse::cases {
namespace {

constexpr size_t kYouTubeId = 11;
constexpr size_t kVimeoIdMax = 12;
constexpr size_t kHashMax = 20;
constexpr int64_t kStartMax = 24 * 60 * 60;

// What a link consists of; nothing in it is quoted or decoded, since no part that we take may be.
struct Link {
  std::string host;
  std::vector<std::string> path;
  std::map<std::string, std::string> query;  // The first of each name.
  std::string fragment;
};

std::optional<Link> Read(const std::string& url) {
  absl::string_view rest = absl::StripAsciiWhitespace(url);
  const std::string scheme = absl::AsciiStrToLower(rest.substr(0, rest.find("://") + 3));
  if (scheme != "https://" && scheme != "http://") return std::nullopt;
  rest.remove_prefix(scheme.size());
  const std::pair<std::string, std::string> parts = absl::StrSplit(rest, absl::MaxSplits('#', 1));
  const std::pair<std::string, std::string> target =
      absl::StrSplit(parts.first, absl::MaxSplits('?', 1));
  std::vector<std::string> steps = absl::StrSplit(target.first, '/');
  Link link;
  link.host = absl::AsciiStrToLower(steps.front());
  for (size_t i = 1; i < steps.size(); ++i) {
    if (!steps[i].empty()) link.path.push_back(steps[i]);
  }
  for (const absl::string_view pair : absl::StrSplit(target.second, '&')) {
    link.query.insert(
        std::pair<std::string, std::string>(absl::StrSplit(pair, absl::MaxSplits('=', 1))));
  }
  link.fragment = parts.second;
  return link;
}

bool IsYouTubeId(const std::string& id) {
  return id.size() == kYouTubeId && std::all_of(id.begin(), id.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
         });
}

bool IsVimeoId(const std::string& id) {
  return !id.empty() && id.size() <= kVimeoIdMax && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

bool IsHash(const std::string& hash) {
  return !hash.empty() && hash.size() <= kHashMax &&
         std::all_of(hash.begin(), hash.end(),
                     [](char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); });
}

// 90, 90s, 1m30s, 1h2m3s; what is none of these starts at the beginning.
int64_t Seconds(absl::string_view text) {
  int64_t plain = 0;
  if (absl::SimpleAtoi(text, &plain)) return plain > 0 && plain <= kStartMax ? plain : 0;
  int64_t sum = 0;
  for (const auto& [unit, seconds] :
       {std::pair('h', 3600), std::pair('m', 60), std::pair('s', 1)}) {
    const size_t end = text.find(unit);
    if (end == absl::string_view::npos) continue;
    int64_t count = 0;
    if (!absl::SimpleAtoi(text.substr(0, end), &count)) return 0;
    if (count < 0 || count > kStartMax) return 0;
    sum += count * seconds;
    text.remove_prefix(end + 1);
  }
  return text.empty() && sum <= kStartMax ? sum : 0;
}

std::string Parameter(const Link& link, const std::string& name) {
  const auto found = link.query.find(name);
  return found == link.query.end() ? "" : found->second;
}

int64_t StartOf(const Link& link) {
  for (const char* name : {"t", "start"}) {
    if (const int64_t start = Seconds(Parameter(link, name)); start > 0) return start;
  }
  absl::string_view fragment = link.fragment;
  return absl::ConsumePrefix(&fragment, "t=") ? Seconds(fragment) : 0;
}

// Without what stands before the site's name for telephones, music and the like.
std::string SiteOf(const std::string& host) {
  for (const char* prefix : {"www.", "m.", "music."}) {
    if (absl::StartsWith(host, prefix)) return std::string(absl::StripPrefix(host, prefix));
  }
  return host;
}

std::string YouTubeIdOf(const Link& link) {
  const std::string site = SiteOf(link.host);
  const auto& path = link.path;
  if (site == "youtu.be") return path.size() == 1 ? path[0] : "";
  if (site != "youtube.com" && site != "youtube-nocookie.com") return "";
  if (path.size() == 1 && path[0] == "watch") return Parameter(link, "v");
  if (path.size() != 2) return "";
  for (const char* form : {"embed", "shorts", "live", "v"}) {
    if (path[0] == form) return path[1];
  }
  return "";
}

// The id, and the hash of one that is unlisted.
std::pair<std::string, std::string> VimeoIdOf(const Link& link) {
  const auto& path = link.path;
  const std::string site = SiteOf(link.host);
  if (site == "player.vimeo.com" && path.size() == 2 && path[0] == "video") {
    return {path[1], Parameter(link, "h")};
  }
  if (site != "vimeo.com") return {};
  if (path.size() == 1) return {path[0], Parameter(link, "h")};
  if (path.size() == 2) return {path[0], path[1]};
  if (path.size() == 3 && path[0] == "channels") return {path[2], ""};
  if (path.size() == 4 && (path[0] == "groups" || path[0] == "showcase")) return {path[3], ""};
  return {};
}

v1::Video YouTube(const std::string& id, int64_t start) {
  v1::Video video;
  video.set_provider(v1::Video::YOUTUBE);
  video.set_video_id(id);
  video.set_embed_url(absl::StrCat("https://www.youtube-nocookie.com/embed/", id,
                                   start > 0 ? absl::StrCat("?start=", start) : ""));
  return video;
}

v1::Video Vimeo(const std::string& id, const std::string& hash, int64_t start) {
  v1::Video video;
  video.set_provider(v1::Video::VIMEO);
  video.set_video_id(id);
  video.set_embed_url(absl::StrCat("https://player.vimeo.com/video/", id, "?",
                                   hash.empty() ? "" : absl::StrCat("h=", hash, "&"), "dnt=1",
                                   start > 0 ? absl::StrCat("#t=", start, "s") : ""));
  return video;
}

}  // namespace

std::optional<v1::Video> ParseVideo(const v1::VideoLink& link) {
  const std::optional<Link> read = Read(link.url());
  if (!read.has_value()) return std::nullopt;
  const int64_t start = StartOf(*read);
  std::optional<v1::Video> video;
  if (const std::string id = YouTubeIdOf(*read); IsYouTubeId(id)) video = YouTube(id, start);
  const auto [id, hash] = VimeoIdOf(*read);
  if (IsVimeoId(id) && (hash.empty() || IsHash(hash))) video = Vimeo(id, hash, start);
  if (video.has_value()) video->set_description(link.description());
  return video;
}

}  // namespace gatehouse::cases
