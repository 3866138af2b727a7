#include "services/documents/signing/tests/pdfs.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace gatehouse::documents {

std::string PdfOf(const std::vector<std::string>& objects, const std::string& trailer) {
  std::string pdf = "%PDF-1.4\n", table = "0000000000 65535 f \n";
  for (size_t i = 0; i < objects.size(); ++i) {
    absl::StrAppendFormat(&table, "%010d 00000 n \n", pdf.size());
    absl::StrAppend(&pdf, i + 1, " 0 obj\n", objects[i], "\nendobj\n");
  }
  const size_t start = pdf.size();
  absl::StrAppend(&pdf, "xref\n0 ", objects.size() + 1, "\n", table, "trailer\n<< /Size ",
                  objects.size() + 1, " /Root 1 0 R ", trailer, ">>\nstartxref\n", start,
                  "\n%%EOF\n");
  return pdf;
}

std::string Pdf(int pages) {
  std::vector<std::string> objects = {"<< /Type /Catalog /Pages 2 0 R >>", "",
                                      "<< /Length 20 >>\nstream\n0 0 m 100 100 l S   \nendstream"};
  std::string kids;
  for (int i = 0; i < pages; ++i) {
    objects.push_back(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 3 0 R "
        "/Resources << >> >>");
    absl::StrAppend(&kids, objects.size(), " 0 R ");
  }
  objects[1] = absl::StrCat("<< /Type /Pages /Kids [", kids, "] /Count ", pages, " >>");
  return PdfOf(objects);
}

std::string PageLoop() {
  return PdfOf({"<< /Type /Catalog /Pages 2 0 R >>",
                "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 /Parent 2 0 R >>"});
}

std::string ManyObjects(int count) {
  std::vector<std::string> objects = {
      "<< /Type /Catalog /Pages 2 0 R /X 4 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] >>", "["};
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&objects[3], objects.size() + 1, " 0 R ");
    objects.push_back("<< /A [1 2 3] >>");
  }
  objects[3] += "]";
  return PdfOf(objects);
}

std::string DeepArrays(int depth) {
  return PdfOf({"<< /Type /Catalog /Pages 2 0 R /X 4 0 R >>",
                "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] >>",
                std::string(static_cast<size_t>(depth), '[') +
                    std::string(static_cast<size_t>(depth), ']')});
}

std::string HugeImage(int pixels) {
  return PdfOf({"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] "
                "/Resources << /XObject << /I 4 0 R >> >> >>",
                absl::StrFormat("<< /Type /XObject /Subtype /Image /Width %d /Height %d "
                                "/ColorSpace /DeviceRGB /BitsPerComponent 8 /Length 4 >>\n"
                                "stream\n0000\nendstream",
                                pixels, pixels)});
}

std::string WithPassword() {
  const std::string zeros(64, '0'), id(32, '1');
  return PdfOf({"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] >>"},
               absl::StrCat("/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <", zeros, "> /U <",
                            zeros, "> >> /ID [<", id, "> <", id, ">] "));
}

}  // namespace gatehouse::documents
