#include "services/documents/signing/sealer_process.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kReasonMax = 100;
constexpr char kPdfTime[] = "D:%Y%m%d%H%M%SZ";  // ISO 32000-1, section 7.9.4.

std::string InputOf(const SealOrder& order) {
  const std::string time = absl::FormatTime(kPdfTime, order.time, absl::UTCTimeZone());
  std::string lines;
  for (const auto& [label, text] : order.certificate) {
    absl::StrAppend(&lines, label, label.empty() ? "" : "\t", text, "\n");
  }
  return absl::StrCat(time.size(), " ", order.filename.size(), " ", lines.size(), " ",
                      order.document.size(), "\n", time, order.filename, lines);
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
  if (end.exit_code == kChildRefused) return Sealed{.refused = end.error.substr(0, kReasonMax)};
  // Killed by a limit, by itself or by us: the file asks for more than any honest one.
  if (end.killed || end.exit_code != 0) return Sealed{.refused = "PDF_TOO_COSTLY"};
  ASSIGN_OR_RETURN(std::string pdf, Signed(std::move(end.output), key_));
  return Sealed{.document = std::move(pdf)};
}

}  // namespace gatehouse::documents
