#include "services/documents/signing/sealer_process.h"

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kReasonMax = 100;
constexpr size_t kChunk = 1 << 20;
constexpr char kPdfTime[] = "D:%Y%m%d%H%M%SZ";  // ISO 32000-1, section 7.9.4.

std::string InputOf(const SealOrder& order) {
  const std::string time = absl::FormatTime(kPdfTime, order.time, absl::UTCTimeZone());
  std::string lines;
  for (const auto& [label, text] : order.certificate) {
    absl::StrAppend(&lines, label, label.empty() ? "" : "\t", text, "\n");
  }
  std::string drawings;
  for (const Drawing& drawing : order.drawings) {
    absl::StrAppend(&drawings, drawing.page, " ", static_cast<int>(drawing.kind), " ", drawing.left,
                    " ", drawing.top, " ", drawing.width, " ");
    absl::StrAppend(&drawings, drawing.height, " ", drawing.text.size(), " ", drawing.png.size(),
                    "\n", drawing.text, drawing.png);
  }
  return absl::StrCat(absl::StrCat(time.size(), " ", order.filename.size(), " ", lines.size(), " "),
                      absl::StrCat(drawings.size(), " ", order.document.size(), "\n"), time,
                      order.filename, lines, drawings);
}

// Why a child did not do its work.
std::string RefusalOf(const ChildEnd& end) {
  if (end.exit_code == kChildRefused) return end.error.substr(0, kReasonMax);
  // Killed by a limit, by itself or by us: the file asks for more than any honest one.
  return end.killed || end.exit_code != 0 ? "PDF_TOO_COSTLY" : "";
}

// What it says of the pages: whether there is a signature, then their sizes.
absl::StatusOr<Measured> MeasuredFrom(const std::string& output) {
  const absl::Status wrong = absl::InternalError("gatehouse-sealer answered something else");
  const std::vector<std::string> lines = absl::StrSplit(output, '\n', absl::SkipEmpty());
  if (lines.empty()) return wrong;
  if (lines[0] == "signed") return Measured{.refused = "PDF_SIGNED"};
  if (lines[0] != "plain") return wrong;
  Measured measured;
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::pair<std::string, std::string> sizes = absl::StrSplit(lines[i], ' ');
    PageSize page;
    if (!absl::SimpleAtod(sizes.first, &page.width) ||
        !absl::SimpleAtod(sizes.second, &page.height)) {
      return wrong;
    }
    measured.pages.push_back(page);
  }
  return measured;
}

// What came back, with the signature in its place.
absl::StatusOr<std::string> Signed(std::string output, const SealKey& key) {
  const absl::Status wrong = absl::InternalError("gatehouse-sealer answered something else");
  const size_t end = output.find('\n');
  if (end == std::string::npos) return wrong;
  const std::pair<std::string, std::string> numbers = absl::StrSplit(output.substr(0, end), ' ');
  size_t offset = 0, digits = 0;
  if (!absl::SimpleAtoi(numbers.first, &offset) || !absl::SimpleAtoi(numbers.second, &digits)) {
    return wrong;
  }
  std::string pdf = output.substr(end + 1);
  if (offset < 1 || digits > pdf.size() || offset > pdf.size() - digits - 1 ||
      pdf.find_first_not_of('0', offset) != offset + digits) {
    return wrong;
  }
  const absl::string_view all = pdf;
  ASSIGN_OR_RETURN(const std::string signature,
                   key.Sign(all.substr(0, offset - 1), all.substr(offset + digits + 1)));
  const std::string text = Hex(signature);
  if (text.size() > digits) return absl::InternalError("the seal's certificates are too long");
  pdf.replace(offset, text.size(), text);
  return pdf;
}

}  // namespace

absl::StatusOr<Sealed> SealerProcess::Seal(const SealOrder& order) {
  const MemoryFile in("seal-in");
  if (!in.Write(InputOf(order)) || !in.Write(order.document)) {
    return absl::ResourceExhaustedError("there is no memory to seal in");
  }
  ASSIGN_OR_RETURN(ChildEnd end, RunChild(program_, limits_, {}, in));
  if (std::string refused = RefusalOf(end); !refused.empty()) {
    return Sealed{.refused = std::move(refused)};
  }
  ASSIGN_OR_RETURN(std::string pdf, Signed(std::move(end.output), key_));
  return Sealed{.document = std::move(pdf)};
}

absl::StatusOr<Measured> SealerProcess::Measure(BlobReader& document, int64_t size) {
  const auto done = absl::MakeCleanup([this] { --measuring_; });
  if (++measuring_ > kMeasuredAtOnce) {
    return absl::UnavailableError("as many documents are being measured as may be");
  }
  const MemoryFile in("measure-in");
  for (int64_t at = 0; at < size;) {
    std::string bytes;
    RETURN_IF_ERROR(document.Read(at, kChunk, bytes));
    if (bytes.empty()) return absl::DataLossError("the blob is shorter than known");
    if (!in.Write(bytes)) {
      return absl::ResourceExhaustedError("there is no memory to measure in");
    }
    at += static_cast<int64_t>(bytes.size());
  }
  ASSIGN_OR_RETURN(const ChildEnd end, RunChild(program_, kMeasuringLimits, {"measure"}, in));
  if (std::string refused = RefusalOf(end); !refused.empty()) {
    return Measured{.refused = std::move(refused)};
  }
  return MeasuredFrom(end.output);
}

}  // namespace gatehouse::documents
