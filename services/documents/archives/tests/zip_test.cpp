#include "services/documents/archives/zip.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/documents/signing/tests/seal_authority.h"

namespace gatehouse::documents {
namespace {

const absl::Time kNoon =
    absl::FromCivil(absl::CivilSecond(2027, 6, 1, 12, 30, 42), absl::UTCTimeZone());

// All of an archive of these files, by their names.
std::string Written(const std::vector<std::pair<std::string, std::string>>& files) {
  std::vector<Zip::File> named;
  for (const auto& [name, bytes] : files)
    named.push_back({name, static_cast<int64_t>(bytes.size())});
  Zip zip(named, kNoon);
  std::string all;
  for (const auto& [name, bytes] : files) {
    all += zip.Begin();
    for (size_t at = 0; at < bytes.size(); at += 1000) {
      zip.Add(bytes.substr(at, 1000));
    }
    all += bytes + zip.End();
  }
  all += zip.Directory();
  CHECK(zip.Size() == static_cast<int64_t>(all.size()));
  return all;
}

// What Python's reader, which is not ours, says of it.
std::string Read(const std::string& zip, const std::string& script) {
  const Files files;
  std::ofstream(files.folder / "a.zip", std::ios::binary) << zip;
  std::ofstream(files.folder / "read.py")
      << "import zipfile\nz = zipfile.ZipFile('a.zip')\n" + script;
  files.Run("/usr/bin/python3 read.py");
  return files.Text("out");
}

TEST_CASE("another reader finds in a ZIP what was written", "[unit]") {
  const std::string long_one = std::string(70'000, 'x') + "end";
  const std::string zip = Written(
      {{"evidence.json", "{}"}, {"sent/Angebot für Grüße.pdf", long_one}, {"sent/empty", ""}});
  CHECK(Read(zip, "print(z.testzip(), z.namelist())\n") ==
        "None ['evidence.json', 'sent/Angebot für Grüße.pdf', 'sent/empty']\n");
  CHECK(Read(zip, "print(z.read('sent/Angebot für Grüße.pdf').decode(), end='')\n") == long_one);
  CHECK(Read(zip, "i = z.infolist()[1]\nprint(i.date_time, i.file_size, i.compress_type)\n") ==
        "(2027, 6, 1, 12, 30, 42) 70003 0\n");
}

TEST_CASE("an archive of nothing is one", "[unit]") {
  CHECK(Read(Written({}), "print(z.namelist())\n") == "[]\n");
}

TEST_CASE("a flipped bit of a file is found by its checksum", "[unit]") {
  std::string zip = Written({{"a", "0123456789"}});
  const size_t at = zip.find("0123456789");
  zip[at + 3] = 'x';
  CHECK(Read(zip, "print(z.testzip())\n") == "a\n");
}

TEST_CASE("the length is known before, also where 32 bits do not hold it", "[unit]") {
  const int64_t huge = int64_t{5} << 30;
  CHECK(Zip({{"a", huge}}, kNoon).Size() == huge + Zip({{"a", 0}}, kNoon).Size());
  // Where the second one begins stands in 64 bits, too.
  Zip zip({{"a", huge}, {"b", 0}}, kNoon);
  for (int i = 0; i < 2; ++i) {
    (void)zip.Begin();
    (void)zip.End();
  }
  std::string offset;
  const int64_t begin = huge + 30 + 1 + 20 + 24;  // Header, name, extra field, descriptor.
  for (int i = 0; i < 8; ++i) offset.push_back(static_cast<char>(begin >> (8 * i)));
  CHECK(absl::StrContains(zip.Directory(), offset));
}

}  // namespace
}  // namespace gatehouse::documents
