#include "services/documents/blobs/s3/xml.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace gatehouse::documents {

std::vector<absl::string_view> AllInside(absl::string_view xml, absl::string_view tag) {
  const std::string open = absl::StrCat("<", tag, ">"), close = absl::StrCat("</", tag, ">");
  std::vector<absl::string_view> all;
  while (true) {
    const size_t begin = xml.find(open);
    if (begin == absl::string_view::npos) return all;
    xml.remove_prefix(begin + open.size());
    const size_t end = xml.find(close);
    if (end == absl::string_view::npos) return all;
    all.push_back(xml.substr(0, end));
    xml.remove_prefix(end + close.size());
  }
}

absl::string_view Inside(absl::string_view xml, absl::string_view tag) {
  const auto all = AllInside(xml, tag);
  return all.empty() ? absl::string_view() : all.front();
}

std::string XmlText(absl::string_view inside) {
  return absl::StrReplaceAll(inside, {{"&lt;", "<"},
                                      {"&gt;", ">"},
                                      {"&quot;", "\""},
                                      {"&#34;", "\""},
                                      {"&apos;", "'"},
                                      {"&amp;", "&"}});
}

std::string EscapeXml(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
}

}  // namespace gatehouse::documents
