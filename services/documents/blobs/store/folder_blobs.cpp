#include "services/documents/blobs/store/folder_blobs.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>

#include "absl/strings/match.h"
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

class Writer : public BlobWriter {
 public:
  Writer(const fs::path& root, const std::string& organisation_id, std::string id)
      : root_(root),
        folder_(root / "blobs" / organisation_id),
        id_(std::move(id)),
        path_(root / "incoming" / NewId("up")),
        file_(path_, O_RDWR | O_CREAT | O_EXCL) {}
  ~Writer() override {
    if (!committed_) unlink(path_.c_str());
  }
  bool ok() const { return file_.ok(); }

  absl::Status Append(const std::string& bytes) override {
    RETURN_IF_ERROR(WriteAll(file_, bytes));
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

  absl::Status Commit() override {
    std::error_code error;
    const bool made = fs::create_directory(folder_, error);
    if (error) {
      errno = error.value();
      return FromErrno("make an organisation's folder");
    }
    if (made) RETURN_IF_ERROR(FlushFolder(root_ / "blobs"));
    if (fsync(file_.fd()) != 0) return FromErrno("flush");
    if (rename(path_.c_str(), (folder_ / id_).c_str()) != 0) return FromErrno("rename");
    committed_ = true;
    return FlushFolder(folder_);
  }

 private:
  const fs::path root_, folder_;
  const std::string id_;
  const fs::path path_;
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

absl::StatusOr<std::unique_ptr<BlobWriter>> FolderBlobs::Write(const std::string& organisation_id,
                                                               const std::string& id) {
  if (!IsMarked(root_)) return NoStore();
  auto writer = std::make_unique<Writer>(root_, organisation_id, id);
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

absl::Status FolderBlobs::ForEach(const std::function<absl::Status(const Place&)>& visit) {
  if (!IsMarked(root_)) return NoStore();
  std::error_code error;
  for (const auto& organisation : fs::directory_iterator(root_ / "blobs", error)) {
    if (!organisation.is_directory(error)) continue;
    const std::string organisation_id = organisation.path().filename();
    for (const auto& blob : fs::directory_iterator(organisation, error)) {
      RETURN_IF_ERROR(visit({organisation_id, blob.path().filename()}));
    }
    if (error) break;
  }
  if (!error) return absl::OkStatus();
  errno = error.value();
  return FromErrno("list blobs");
}

absl::StatusOr<bool> FolderBlobs::Take(const Place& place) {
  if (unlink(PathOf(place.organisation_id, place.name).c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  return FromErrno("remove");
}

absl::StatusOr<std::unique_ptr<File>> FolderBlobs::Lock() {
  if (!IsMarked(root_)) return NoStore();
  auto file = std::make_unique<File>(root_ / "moving", O_RDWR | O_CREAT);
  if (!file->ok()) return FromErrno("make a lock");
  if (flock(file->fd(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return FromErrno("lock");
  return absl::FailedPreconditionError("blobs are being moved from there already");
}

absl::Status FolderBlobs::Try() {
  ASSIGN_OR_RETURN(const auto writer, Write("", ""));
  RETURN_IF_ERROR(writer->Append("?"));
  std::string read;
  RETURN_IF_ERROR(writer->Read(0, 1, read));
  return read == "?" ? absl::OkStatus() : NoStore();
}

absl::StatusOr<std::string> FolderBlobs::Marker() { return MarkerOf(root_); }

absl::Status FolderBlobs::Mark(const std::string& store_id) { return MarkStore(root_, store_id); }

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
