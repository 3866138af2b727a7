#include "services/documents/blobs/store/folder_blobs.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>

#include "absl/time/time.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/observe/metrics.h"
#include "services/documents/blobs/store/files.h"
#include "services/documents/blobs/store/store_marker.h"

namespace gatehouse::documents {
namespace {

namespace fs = std::filesystem;

// So much is handed to the disk at a time while an upload goes on, so that the flush at its end
// has little left to do.
constexpr int64_t kFlushEvery = 8 << 20;

absl::Status ReadAt(const File& file, int64_t offset, size_t size, std::string& bytes) {
  bytes.resize(size);
  size_t done = 0;
  while (done < size) {
    const ssize_t n =
        pread(file.fd(), bytes.data() + done, size - done, offset + static_cast<int64_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FromErrno("read");
    if (n == 0) break;
    done += n;
  }
  bytes.resize(done);
  return absl::OkStatus();
}

class Writer : public BlobWriter {
 public:
  explicit Writer(const fs::path& root)
      : root_(root),
        path_(root / "incoming" / NewId("up")),
        file_(path_, O_RDWR | O_CREAT | O_EXCL) {}
  ~Writer() override {
    if (!committed_) unlink(path_.c_str());
  }
  bool ok() const { return file_.ok(); }

  absl::Status Append(const std::string& bytes) override {
    for (size_t done = 0; done < bytes.size();) {
      const ssize_t n = write(file_.fd(), bytes.data() + done, bytes.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return FromErrno("write");
      done += n;
    }
    written_ += static_cast<int64_t>(bytes.size());
    if (written_ - flushed_ >= kFlushEvery) {
      sync_file_range(file_.fd(), flushed_, written_ - flushed_, SYNC_FILE_RANGE_WRITE);
      flushed_ = written_;
    }
    return absl::OkStatus();
  }

  absl::Status Read(int64_t offset, size_t size, std::string& bytes) override {
    return ReadAt(file_, offset, size, bytes);
  }
  absl::StatusOr<int64_t> Size() override { return written_; }

  absl::Status Commit(const std::string& organisation_id, const std::string& id) override {
    const fs::path folder = root_ / "blobs" / organisation_id;
    std::error_code error;
    const bool made = fs::create_directory(folder, error);
    if (error) {
      errno = error.value();
      return FromErrno("make an organisation's folder");
    }
    if (made) RETURN_IF_ERROR(FlushFolder(root_ / "blobs"));
    if (fsync(file_.fd()) != 0) return FromErrno("flush");
    if (rename(path_.c_str(), (folder / id).c_str()) != 0) return FromErrno("rename");
    committed_ = true;
    return FlushFolder(folder);
  }

 private:
  const fs::path root_, path_;
  const File file_;
  int64_t written_ = 0, flushed_ = 0;
  bool committed_ = false;
};

class Reader : public BlobReader {
 public:
  explicit Reader(const fs::path& path) : file_(path, O_RDONLY) {
    if (file_.ok()) posix_fadvise(file_.fd(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  bool ok() const { return file_.ok(); }

  absl::Status Read(int64_t offset, size_t size, std::string& bytes) override {
    return ReadAt(file_, offset, size, bytes);
  }
  absl::StatusOr<int64_t> Size() override {
    struct stat file = {};
    if (fstat(file_.fd(), &file) != 0) return FromErrno("look at a file");
    return file.st_size;
  }

 private:
  const File file_;
};

}  // namespace

fs::path FolderBlobs::PathOf(const std::string& organisation_id, const std::string& id) const {
  return root_ / "blobs" / organisation_id / id;
}

absl::StatusOr<std::unique_ptr<BlobWriter>> FolderBlobs::Write() {
  if (!IsMarked(root_)) return NoStore();
  auto writer = std::make_unique<Writer>(root_);
  if (!writer->ok()) return FromErrno("make a file");
  return writer;
}

absl::StatusOr<std::unique_ptr<BlobReader>> FolderBlobs::Read(const std::string& organisation_id,
                                                              const std::string& id) {
  auto reader = std::make_unique<Reader>(PathOf(organisation_id, id));
  if (reader->ok()) return reader;
  const int why = errno;
  if (!IsMarked(root_)) return NoStore();
  if (why == ENOENT) return absl::DataLossError("blobs: a document's bytes are not in the store");
  errno = why;
  return FromErrno("open");
}

absl::Status FolderBlobs::Remove(const std::string& organisation_id, const std::string& id) {
  if (unlink(PathOf(organisation_id, id).c_str()) == 0) return absl::OkStatus();
  if (errno != ENOENT) return FromErrno("remove");
  // Not there, or nothing is.
  return IsMarked(root_) ? absl::OkStatus() : NoStore();
}

absl::Status FolderBlobs::RemoveAbandoned(absl::Time before) {
  if (!IsMarked(root_)) return NoStore();
  std::error_code error;
  const auto limit =
      fs::file_time_type::clock::now() - absl::ToChronoNanoseconds(absl::Now() - before);
  for (const auto& left : fs::directory_iterator(root_ / "incoming", error)) {
    std::error_code gone;  // Its writer has just committed or removed it.
    const auto written = fs::last_write_time(left, gone);
    if (!gone && written < limit) fs::remove(left, gone);
  }
  if (!error) return absl::OkStatus();
  errno = error.value();
  return FromErrno("list what is being written");
}

absl::Status FolderBlobs::Try() {
  ASSIGN_OR_RETURN(const auto writer, Write());
  RETURN_IF_ERROR(writer->Append("?"));
  std::string read;
  RETURN_IF_ERROR(writer->Read(0, 1, read));
  return read == "?" ? absl::OkStatus() : NoStore();
}

absl::Status FolderBlobs::Ready() {
  const absl::Status tried = Try();
  const bool available = tried.ok() || ReasonOf(tried) == "STORAGE_FULL";
  SetGauge("gatehouse_storage_available", {}, available ? 1 : 0);
  struct statvfs volume = {};
  if (available && statvfs(root_.c_str(), &volume) == 0) {
    const auto unit = static_cast<double>(volume.f_frsize);
    SetGauge("gatehouse_storage_free_bytes", {}, unit * static_cast<double>(volume.f_bavail));
    SetGauge("gatehouse_storage_bytes", {}, unit * static_cast<double>(volume.f_blocks));
  }
  return available ? absl::OkStatus() : tried;
}

}  // namespace gatehouse::documents
