#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "services/common/base/status.h"
#include "services/documents/previews/previewer_process.h"
#include "services/documents/previews/tests/pictures.h"
#include "services/documents/signing/tests/pdfs.h"
#include "services/documents/tests/files.h"
#include "services/previewer/confinement.h"

namespace gatehouse::documents {
namespace {

// What it looks like, or why there is none.
std::string Seen(const absl::StatusOr<Preview>& preview) {
  if (!preview.ok()) return preview.status().ToString();
  return preview->refused.empty() ? Look(preview->jpeg) : preview->refused;
}

TEST_CASE("a preview is as large as was asked, and never larger than the image", "[unit]") {
  const std::string png = Png(400, 300);
  CHECK(Seen(PreviewOf(png, "image/png")) == "400x300 tl");
  CHECK(Seen(PreviewOf(png, "image/png", 256)) == "256x192 tl");
  CHECK(Seen(PreviewOf(Png(1, 3000), "image/png", 256)).substr(0, 5) == "1x256");
  const auto large = PreviewOf(Png(3000, 1500), "image/png");
  CHECK(Seen(large) == "1024x512 tl");
  CHECK(Seen(PreviewerProcess(kPreviewerProgram).MakeSmaller(large->jpeg, 256)) == "256x128 tl");
}

TEST_CASE("a photo that was taken sideways becomes an upright preview", "[unit]") {
  const std::string jpeg = PreviewOf(Png(400, 300), "image/png")->jpeg;
  CHECK(Seen(PreviewOf(Sideways(jpeg), "image/jpeg")) == "300x400 tr");
  CHECK(Seen(PreviewOf(Sideways(jpeg), "image/jpeg", 256)) == "192x256 tr");
  // HEIC says it twice, and is turned once.
  CHECK(Seen(PreviewOf(PhonePhoto(), "image/heic")) == "300x400 tr");
  CHECK(Seen(PreviewOf(PhonePhoto(), "image/heif", 256)) == "192x256 tr");
}

TEST_CASE("of a PDF the first page is drawn, however large it says to be", "[unit]") {
  const auto page = [](const std::string& box) {
    return PreviewOf(
        PdfOf({"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               absl::StrCat("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ", box, "] >>")}),
        "application/pdf");
  };
  CHECK(Seen(page("600 300")) == "1024x512");
  CHECK(Seen(page("2000000 1000000")) == "1024x512");
  CHECK(Seen(page("2000000 3")) == "1024x1");
  CHECK(Seen(PreviewOf(Pdf(3), "application/pdf")) != "BROKEN");
}

TEST_CASE("an image that says to be too large is refused before it is unpacked", "[unit]") {
  CHECK(Seen(PreviewOf(BlackPng(40'000), "image/png")) == "IMAGE_TOO_LARGE");
  // Sizes that a GIF and a WebP say in their heads.
  CHECK(
      Seen(PreviewOf(std::string("GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x08", 24),
                     "image/gif")) == "IMAGE_TOO_LARGE");
}

TEST_CASE("a file that means harm, or is no image, ends as a refusal by name", "[unit]") {
  const std::string png = Png(400, 300);
  for (const char* type : {"image/jpeg", "image/gif", "image/tiff", "image/webp", "image/heic"}) {
    INFO(type);
    CHECK(Seen(PreviewOf("", type)) == "IMAGE_BROKEN");
    CHECK(Seen(PreviewOf(png, type)) == "IMAGE_BROKEN");
    CHECK(Seen(PreviewOf(std::string(100'000, '\0'), type)) == "IMAGE_BROKEN");
  }
  CHECK(Seen(PreviewOf(PhonePhoto().substr(0, 300), "image/heic")) == "IMAGE_BROKEN");
  CHECK(Seen(PreviewOf("", "application/pdf")) == "BROKEN");
  CHECK(Seen(PreviewOf("%PDF-1.4\nnothing", "application/pdf")) == "BROKEN");
  CHECK(Seen(PreviewOf(PageLoop(), "application/pdf")) == "BROKEN");
  CHECK(Seen(PreviewOf(WithPassword(), "application/pdf")) == "BROKEN");
  // What refers to files and addresses has no loader, whatever the machine has.
  const std::string svg = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>";
  for (const char* type : {"image/svg+xml", "image/png", "image/x-xpixmap"}) {
    CHECK(Seen(PreviewOf(svg, type)) == "IMAGE_BROKEN");
  }
}

TEST_CASE("what costs more than it may is ended", "[unit]") {
  const ChildLimits little = {
      .cpu_seconds = 1, .memory_bytes = int64_t{400} << 20, .wait = absl::Seconds(30)};
  // Lines of dashes without number.
  std::string content = "[.001] 0 d ";
  for (int i = 0; i < 10'000; ++i) content += "0 0 m 300 300 l S ";
  const std::string endless =
      PdfOf({"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
             "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R >>",
             absl::StrCat("<< /Length ", content.size(), " >>\nstream\n", content, "\nendstream")});
  CHECK(Seen(PreviewOf(endless, "application/pdf", 1024, little)) == "TOO_COSTLY");
  CHECK(Seen(PreviewOf(HugeImage(26'000), "application/pdf")) == "1024x1024");
  const ChildLimits small = {
      .cpu_seconds = 10, .memory_bytes = int64_t{100} << 20, .wait = absl::Seconds(30)};
  const std::string refused = Seen(PreviewOf(BlackPng(7'000), "image/png", 1024, small));
  CHECK((refused == "IMAGE_BROKEN" || refused == "TOO_COSTLY"));
  const absl::Time begin = absl::Now();
  CHECK(Seen(PreviewOf(Pdf(1), "application/pdf", 1024,
                       {.cpu_seconds = 10, .wait = absl::ZeroDuration()})) == "TOO_COSTLY");
  CHECK(absl::Now() - begin < absl::Seconds(5));
}

TEST_CASE("what a program writes decides, not how it ends", "[unit]") {
  TextBlob blob(Png(4, 4));
  CHECK(Seen(PreviewerProcess("/bin/echo").Make(blob, "image/png", 9)) == "BROKEN");
  CHECK(Seen(PreviewerProcess("/bin/false").Make(blob, "image/png", 9)) == "BROKEN");
  CHECK(absl::IsInternal(PreviewerProcess("/nowhere").Make(blob, "image/png", 9).status()));
}

// Whether `tries` fails in a process that gave that up.
template <typename GiveUp, typename Try>
bool FailsAfter(GiveUp give_up, Try tries) {
  const pid_t child = fork();
  if (child == 0) {
    give_up();
    _exit(tries() < 0 && (errno == EPERM || errno == EACCES) ? 0 : 1);
  }
  int status = 1;
  return waitpid(child, &status, 0) == child && status == 0;
}

TEST_CASE("what reads a file has no network, and no files but those of the system", "[unit]") {
  using namespace previewer;
  const auto reach = [] { return socket(AF_INET, SOCK_STREAM, 0); };
  const auto read_ours = [] { return open("/etc/passwd", O_RDONLY); };
  const auto read_system = [] { return open("/usr/bin/env", O_RDONLY); };
  const auto write = [] { return open("/tmp/gatehouse-previewer-test", O_CREAT | O_WRONLY, 0600); };
  CHECK_FALSE(FailsAfter([] {}, reach));
  CHECK(FailsAfter(LeaveNetwork, reach));
  CHECK_FALSE(FailsAfter(LeaveNetwork, read_ours));
  CHECK(FailsAfter(LeaveFiles, read_ours));
  CHECK(FailsAfter(LeaveFiles, read_system));
  // Debian 12's kernel has Landlock; a container may be without.
  const bool has_landlock = syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) > 0;
  CHECK(FailsAfter(ReadSystemFilesOnly, read_ours) == has_landlock);
  CHECK(FailsAfter(ReadSystemFilesOnly, write) == has_landlock);
  CHECK_FALSE(FailsAfter(ReadSystemFilesOnly, read_system));
}

}  // namespace
}  // namespace gatehouse::documents
