#include "services/documents/scanning/domain/scanning.h"

#include "services/common/base/status.h"
#include "services/documents/uploads/domain/zip_file.h"

namespace gatehouse::documents {

absl::StatusOr<Verdict> Scanning::Judge(const Document& document) {
  if (document.size_bytes > limits_.max_file_bytes) {
    return Verdict{Scan::kUnscanned, "larger than the scanner looks"};
  }
  ASSIGN_OR_RETURN(const auto blob, blobs_.Read(document.organisation_id, document.document_id));
  ASSIGN_OR_RETURN(const Verdict verdict, scanner_.Scan(*blob, document.size_bytes));
  if (verdict.scan != Scan::kClean) return verdict;
  std::string head;
  RETURN_IF_ERROR(blob->Read(0, 4, head));
  if (!IsZip(head)) return verdict;
  ASSIGN_OR_RETURN(const auto largest, LargestZipMember(*blob, document.size_bytes));
  if (largest.has_value() && *largest <= static_cast<uint64_t>(limits_.max_file_bytes)) {
    return verdict;
  }
  return Verdict{Scan::kUnscanned, "has a member that is larger than the scanner looks"};
}

absl::Status Scanning::Scan(const std::string& organisation_id, const std::string& case_id,
                            const std::string& document_id) {
  const auto document = documents_.Get(organisation_id, case_id, nullptr, document_id);
  if (ReasonOf(document.status()) == "NOT_FOUND") return absl::OkStatus();
  RETURN_IF_ERROR(document.status());
  if (document->scan != documents::Scan::kPending) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Verdict verdict, Judge(*document));
  return documents_.SetScan(organisation_id, case_id, document_id, verdict);
}

absl::Status Scanning::ScanAgain(const Document& document) {
  ASSIGN_OR_RETURN(const Verdict verdict, Judge(document));
  if (verdict.scan != documents::Scan::kInfected) return absl::OkStatus();
  return documents_.SetScan(document.organisation_id, document.case_id, document.document_id,
                            verdict);
}

absl::Status Scanning::GiveUp(const std::string& organisation_id, const std::string& case_id,
                              const std::string& document_id, const absl::Status& failure) {
  return documents_.SetScan(organisation_id, case_id, document_id,
                            {documents::Scan::kError, std::string(failure.message())});
}

}  // namespace gatehouse::documents
