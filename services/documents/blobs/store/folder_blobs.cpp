#include "services/documents/blobs/store/folder_blobs.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

namespace fs = std::filesystem;

// So much is handed to the disk at a time while an upload goes on, so that the flush at its end
// has little left to do.
constexpr int64_t kFlushEvery = 8 << 20;

absl::Status FromErrno(const char* what) {
  if (errno == ENOSPC || errno == EDQUOT) {
    return Refuse(v1::STORAGE_FULL, "there is no room for the document: try again later");
  }
  return absl::InternalError(absl::StrCat("blobs: ", what, ": ", strerror(errno)));
}

class File {
 public:
  File(const fs::path& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  const int fd_;
};

absl::Status FlushFolder(const fs::path& path) {
  const File folder(path, O_RDONLY | O_DIRECTORY);
  if (!folder.ok() || fsync(folder.fd()) != 0) return FromErrno("flush a folder");
  return absl::OkStatus();
}

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

  absl::Status Commit(const std::string& organisation_id, const std::string& id) override {
    const fs::path folder = root_ / "blobs" / organisation_id;
    std::error_code error;
    const bool made = fs::create_directory(folder, error);
    if (error) return absl::InternalError("blobs: cannot make the organisation's folder");
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

 private:
  const File file_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FolderBlobs>> FolderBlobs::Open(const fs::path& root) {
  std::error_code error;
  fs::create_directories(root / "incoming", error);
  if (!error) fs::create_directories(root / "blobs", error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot make ", root.string(), ": ", error.message()));
  }
  return std::unique_ptr<FolderBlobs>(new FolderBlobs(root));
}

fs::path FolderBlobs::PathOf(const std::string& organisation_id, const std::string& id) const {
  return root_ / "blobs" / organisation_id / id;
}

absl::StatusOr<std::unique_ptr<BlobWriter>> FolderBlobs::Write() {
  auto writer = std::make_unique<Writer>(root_);
  if (!writer->ok()) return FromErrno("make a file");
  return writer;
}

absl::StatusOr<std::unique_ptr<BlobReader>> FolderBlobs::Read(const std::string& organisation_id,
                                                              const std::string& id) {
  auto reader = std::make_unique<Reader>(PathOf(organisation_id, id));
  if (!reader->ok()) return FromErrno("open");
  return reader;
}

absl::Status FolderBlobs::Remove(const std::string& organisation_id, const std::string& id) {
  if (unlink(PathOf(organisation_id, id).c_str()) != 0 && errno != ENOENT)
    return FromErrno("remove");
  return absl::OkStatus();
}

absl::Status FolderBlobs::RemoveAbandoned(absl::Time before) {
  std::error_code error;
  const auto limit =
      fs::file_time_type::clock::now() - absl::ToChronoNanoseconds(absl::Now() - before);
  for (const auto& left : fs::directory_iterator(root_ / "incoming", error)) {
    std::error_code gone;  // Its writer has just committed or removed it.
    const auto written = fs::last_write_time(left, gone);
    if (!gone && written < limit) fs::remove(left, gone);
  }
  if (error) return absl::InternalError("blobs: cannot list what is being written");
  return absl::OkStatus();
}

absl::Status FolderBlobs::Ready() {
  Writer writer(root_);
  const absl::Status written = writer.ok() ? writer.Append("?") : FromErrno("the folder");
  return absl::IsResourceExhausted(written) ? absl::OkStatus() : written;
}

}  // namespace gatehouse::documents
