#include "services/documents/tests/files.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "services/common/base/random.h"

namespace gatehouse::documents {
namespace {

std::string Number(uint64_t number, size_t width) {
  std::string bytes;
  for (size_t i = 0; i < width; ++i) bytes += static_cast<char>(number >> (8 * i));
  return bytes;
}

void Put(std::string& bytes, size_t at, uint64_t number, size_t width) {
  bytes.replace(at, width, Number(number, width));
}

std::string LocalEntry(const std::string& name, const std::string& data, bool deflated) {
  return "PK\x03\x04" + Number(20, 2) + Number(0, 2) + Number(deflated ? 8 : 0, 2) + Number(0, 8) +
         Number(data.size(), 4) + Number(data.size(), 4) + Number(name.size(), 2) + Number(0, 2) +
         name + data;
}

std::string DirectoryEntry(const std::string& name, const std::string& data, size_t offset,
                           bool deflated) {
  return "PK\x01\x02" + Number(20, 2) + Number(20, 2) + Number(0, 2) + Number(deflated ? 8 : 0, 2) +
         Number(0, 8) + Number(data.size(), 4) + Number(data.size(), 4) + Number(name.size(), 2) +
         Number(0, 2) + Number(0, 2) + Number(0, 2) + Number(0, 2) + Number(0, 4) +
         Number(offset, 4) + name;
}

std::string End(size_t entries, size_t offset, size_t size, const ZipOptions& options) {
  std::string end;
  if (options.zip64) {
    end = "PK\x06\x06" + Number(44, 8) + Number(45, 2) + Number(45, 2) + Number(0, 8) +
          Number(entries, 8) + Number(entries, 8) + Number(size, 8) + Number(offset, 8) +
          "PK\x06\x07" + Number(0, 4) + Number(offset + size, 8) + Number(1, 4);
  }
  const uint64_t no_room = 0xffffffff;
  return end + "PK\x05\x06" + Number(0, 4) + Number(entries, 2) + Number(entries, 2) +
         Number(options.zip64 ? no_room : size, 4) + Number(options.zip64 ? no_room : offset, 4) +
         Number(options.comment.size(), 2) + options.comment;
}

struct OleEntry {
  std::string name;
  uint8_t type = 2;  // 1 storage, 2 stream, 5 root.
  uint32_t right = 0xffffffff, child = 0xffffffff;
};

std::string Bytes(const OleEntry& entry, const std::string& class_id) {
  std::string bytes(128, '\0');
  for (size_t i = 0; i < entry.name.size(); ++i) bytes[2 * i] = entry.name[i];
  Put(bytes, 64, 2 * (entry.name.size() + 1), 2);
  Put(bytes, 66, entry.type, 1);
  Put(bytes, 68, 0xffffffff, 4);
  Put(bytes, 72, entry.right, 4);
  Put(bytes, 76, entry.child, 4);
  if (entry.type == 5) bytes.replace(80, class_id.size(), class_id);
  return bytes;
}

// The tree of each storage is a list, which is a tree as well.
std::vector<OleEntry> EntriesOf(const std::vector<std::string>& streams,
                                const std::vector<std::string>& nested) {
  std::vector<OleEntry> entries = {{.name = "Root Entry", .type = 5}};
  const auto add = [&](const std::vector<std::string>& names, size_t parent) {
    for (size_t i = 0; i < names.size(); ++i) {
      const auto index = static_cast<uint32_t>(entries.size());
      (i == 0 ? entries[parent].child : entries.back().right) = index;
      entries.push_back({.name = names[i]});
    }
  };
  std::vector<std::string> names = streams;
  if (!nested.empty()) names.push_back("ObjectPool");
  add(names, 0);
  if (!nested.empty()) {
    entries.back().type = 1;
    add(nested, entries.size() - 1);
  }
  return entries;
}

}  // namespace

Files::Files() : folder(std::filesystem::temp_directory_path() / NewId("gatehouse-files")) {
  std::filesystem::create_directories(folder);
}

void Files::Run(const std::string& command) const {
  const std::string all = "cd " + folder.string() + " && " + command + " >out 2>&1";
  if (std::system(all.c_str()) != 0) FAIL(command << ": " << Text("out"));
}

std::string Files::Text(const std::string& name) const {
  std::ifstream file(folder / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string ReadZip(DownloadsHandler::Sends source, const std::string& script) {
  REQUIRE(source.ok());
  std::string all;
  int64_t length = 0;
  pb::DownloadDocumentResponse part;
  while ((*source)->Next(part).value()) {
    if (part.has_content_length()) length = part.content_length();
    all += part.data();
  }
  CHECK(length == static_cast<int64_t>(all.size()));
  const struct Files files;
  std::ofstream(files.folder / "a.zip", std::ios::binary) << all;
  std::ofstream(files.folder / "read.py")
      << "import zipfile, json, hashlib\nz = zipfile.ZipFile('a.zip')\n"
         "assert z.testzip() is None\n" +
             script;
  files.Run("/usr/bin/python3 read.py");
  return files.Text("out");
}

absl::Status TextBlob::Read(int64_t offset, size_t size, std::string& bytes) {
  ++reads_;
  const auto from = std::min<size_t>(offset, bytes_.size());
  bytes = bytes_.substr(from, size);
  return absl::OkStatus();
}

std::string ZipOf(const ZipEntries& entries, const ZipOptions& options) {
  std::string file = options.before, directory;
  for (const auto& [name, data] : entries) {
    directory += DirectoryEntry(name, data, file.size(), options.deflated);
    file += LocalEntry(name, data, options.deflated);
  }
  return file + directory + End(entries.size(), file.size(), directory.size(), options);
}

std::string Ooxml(const std::string& folder, bool anew, const ZipEntries& more) {
  ZipEntries entries = {{"_rels/.rels", "<Relationships/>"},
                        {folder + "/", ""},
                        {folder + "/document.xml", std::string(70000, ' ')}};
  entries.insert(entries.end(), more.begin(), more.end());
  entries.insert(anew ? entries.end() : entries.begin(), {"[Content_Types].xml", "<Types/>"});
  return ZipOf(entries);
}

std::string OpenDocument(const std::string& kind) {
  return ZipOf({{"mimetype", "application/vnd.oasis.opendocument." + kind},
                {"content.xml", "<x/>"},
                {"META-INF/manifest.xml", "<x/>"}});
}

std::string Ole(const std::vector<std::string>& streams, const OleOptions& options) {
  const size_t sector = size_t{1} << options.sector_shift, each = sector / 4;
  std::string directory;
  for (const OleEntry& entry : EntriesOf(streams, options.nested)) {
    directory += Bytes(entry, options.class_id);
  }
  directory.resize((directory.size() + sector - 1) / sector * sector, '\0');
  // Content, then the directory, then the allocation tables, then what lists those that the header
  // has no room for.
  const size_t first = options.before_directory, sectors = directory.size() / sector;
  size_t tables = 1, lists = 0;
  const auto listed = [&] { return tables > 109 ? (tables - 109 + each - 2) / (each - 1) : 0; };
  while (tables * each < first + sectors + tables + listed()) ++tables;
  lists = listed();
  std::string header(sector, '\0');
  header.replace(0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
  Put(header, 30, options.sector_shift, 2);
  Put(header, 48, first, 4);
  Put(header, 68, lists > 0 ? first + sectors + tables : 0xfffffffe, 4);
  std::string allocation, rest;
  for (size_t i = 0; i < tables * each; ++i) {
    const bool inner = i >= first && i + 1 < first + sectors;
    allocation += Number(inner ? i + 1 : 0xfffffffe, 4);
  }
  for (size_t i = 0; i < 109; ++i) {
    Put(header, 76 + 4 * i, i < tables ? first + sectors + i : 0xffffffff, 4);
  }
  for (size_t i = 109; i < 109 + lists * (each - 1); ++i) {
    rest += Number(i < tables ? first + sectors + i : 0xffffffff, 4);
    const size_t list = rest.size() / sector;
    if (rest.size() % sector == sector - 4) {
      rest += Number(list + 1 < lists ? first + sectors + tables + list + 1 : 0xfffffffe, 4);
    }
  }
  return header + std::string(first * sector, 'x') + directory + allocation + rest;
}

}  // namespace gatehouse::documents
