#pragma once

#include <boost/crc.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace gatehouse::documents {

// A ZIP archive that is written from its beginning to its end, of files as they are (STORE) and
// with sizes of 64 bits, so that its length is known before (PKWARE's APPNOTE 6.3.10). A file's
// checksum comes behind its bytes.
class Zip {
 public:
  struct File {
    std::string name;  // UTF-8, with `/` between folders.
    int64_t size = 0;
  };
  // `time`: of all files, as UTC.
  Zip(std::vector<File> files, absl::Time time);

  // Of the whole archive.
  int64_t Size() const;

  // For each file in turn: what stands before its bytes; its bytes, which the caller writes and
  // says here; and what stands behind them.
  std::string Begin();
  void Add(absl::string_view bytes);
  std::string End();
  // Once all files have ended.
  std::string Directory() const;

 private:
  struct Written {
    int64_t offset = 0;
    uint32_t checksum = 0;
  };
  std::string CommonOf(const File& file, uint32_t checksum) const;

  const std::vector<File> files_;
  const uint16_t date_, time_;
  std::vector<Written> written_;
  int64_t at_ = 0;
  boost::crc_32_type checksum_;
};

}  // namespace gatehouse::documents
