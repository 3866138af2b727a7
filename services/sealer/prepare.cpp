#include "services/sealer/prepare.h"

#include <qpdf/QPDF.hh>
#include <qpdf/QPDFEFStreamObjectHelper.hh>
#include <qpdf/QPDFEmbeddedFileDocumentHelper.hh>
#include <qpdf/QPDFExc.hh>
#include <qpdf/QPDFFileSpecObjectHelper.hh>
#include <qpdf/QPDFPageDocumentHelper.hh>
#include <qpdf/QPDFWriter.hh>

#include <cstdio>

#include "services/sealer/fields.h"

namespace gatehouse::sealer {
namespace {

constexpr size_t kPagesMax = 10'000;  // Of which the sizes are told.

// What the byte range is patched into: as wide as four numbers can be.
constexpr char kByteRange[] = "/ByteRange [ 0 1111111111 2222222222 3333333333 ]";

void Open(QPDF& pdf, const std::string& bytes, const char* name) {
  pdf.setSuppressWarnings(true);
  try {
    pdf.processMemoryFile(name, bytes.data(), bytes.size());
    if (pdf.getAllPages().empty()) throw Refused("PDF_BROKEN");
  } catch (const QPDFExc& error) {
    throw Refused(error.getErrorCode() == qpdf_e_password ? "PDF_ENCRYPTED" : "PDF_BROKEN");
  }
}

bool IsSigned(QPDF& pdf) {
  QPDFObjectHandle form = pdf.getRoot().getKey("/AcroForm");
  if (!form.isDictionary()) return false;
  QPDFObjectHandle flags = form.getKey("/SigFlags");
  return flags.isInteger() && (flags.getIntValue() & 1) != 0;
}

void Attach(QPDF& pdf, const std::string& bytes, const std::string& filename) {
  auto stream = QPDFEFStreamObjectHelper::createEFStream(pdf, bytes);
  stream.setSubtype("application/pdf");
  auto file = QPDFFileSpecObjectHelper::createFileSpec(pdf, filename, stream);
  QPDFEmbeddedFileDocumentHelper(pdf).replaceEmbeddedFile(filename, file);
}

// A signature field over the whole file, of which nothing is seen, and its signature dictionary
// with room for what is signed later (ISO 32000-1, sections 12.7.4.5 and 12.8).
void AddSignature(QPDF& pdf, const std::string& signing_time) {
  QPDFObjectHandle signature = pdf.makeIndirectObject(QPDFObjectHandle::parse(
      std::string("<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached ") +
      kByteRange + " >>"));
  signature.replaceKey("/Contents",
                       QPDFObjectHandle::newString(std::string(kSignatureBytesMax, '\0')));
  signature.replaceKey("/M", QPDFObjectHandle::newString(signing_time));
  QPDFObjectHandle field = pdf.makeIndirectObject(QPDFObjectHandle::parse(
      "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Seal) /F 132 /Rect [0 0 0 0] >>"));
  field.replaceKey("/V", signature);
  QPDFObjectHandle page = pdf.getAllPages().back();
  field.replaceKey("/P", page);
  QPDFObjectHandle annotations = page.getKey("/Annots");
  if (!annotations.isArray()) annotations = QPDFObjectHandle::newArray();
  annotations.appendItem(field);
  page.replaceKey("/Annots", annotations);
  QPDFObjectHandle root = pdf.getRoot();
  QPDFObjectHandle form = root.getKey("/AcroForm");
  if (!form.isDictionary()) form = QPDFObjectHandle::newDictionary();
  QPDFObjectHandle fields = form.getKey("/Fields");
  if (!fields.isArray()) fields = QPDFObjectHandle::newArray();
  fields.appendItem(field);
  form.replaceKey("/Fields", fields);
  form.replaceKey("/SigFlags", QPDFObjectHandle::newInteger(3));
  root.replaceKey("/AcroForm", form);
}

std::string Written(QPDF& pdf) {
  QPDFWriter writer(pdf);
  writer.setOutputMemory();
  // Streams stay as they are: what unpacks to more than there is of memory is never unpacked.
  writer.setStreamDataMode(qpdf_s_preserve);
  writer.setObjectStreamMode(qpdf_o_disable);
  writer.setPreserveEncryption(false);
  writer.write();
  const auto buffer = writer.getBufferSharedPointer();
  return {reinterpret_cast<const char*>(buffer->getBuffer()), buffer->getSize()};
}

// Where the signature goes: the one place with so many zeros.
Prepared Found(std::string pdf) {
  const std::string room = "<" + std::string(2 * kSignatureBytesMax, '0') + ">";
  const size_t at = pdf.find(room);
  if (at == std::string::npos || pdf.find(room, at + 1) != std::string::npos) {
    throw Refused("PDF_BROKEN");
  }
  return {std::move(pdf), at + 1, room.size() - 2};
}

// Says what is signed: all but the signature, with the brackets around it.
void SayByteRange(Prepared& prepared) {
  std::string& pdf = prepared.pdf;
  const size_t begin = prepared.signature_offset - 1;
  const size_t end = prepared.signature_offset + prepared.signature_digits + 1;
  // The writer sorts a dictionary's keys: /ByteRange stands right before /Contents.
  const size_t range = pdf.rfind("/ByteRange", begin);
  const size_t open = pdf.find('[', range), close = pdf.find(']', range);
  const std::string text = " 0 " + std::to_string(begin) + " " + std::to_string(end) + " " +
                           std::to_string(pdf.size() - end);
  if (range == std::string::npos || close > begin || text.size() > close - open - 1) {
    throw Refused("PDF_BROKEN");
  }
  std::string numbers(close - open - 1, ' ');
  numbers.replace(0, text.size(), text);
  pdf.replace(open + 1, numbers.size(), numbers);
}

}  // namespace

Prepared Prepare(const Parts& parts) {
  const std::string pages = Typeset(parts.certificate);
  QPDF original;
  Open(original, parts.document, "document");
  QPDF certified;
  Open(certified, pages, "certificate");
  try {
    QPDF* base = &original;
    if (IsSigned(original)) {
      base = &certified;
      Attach(certified, parts.document, parts.filename);
    } else {
      LayOver(original, parts.drawings);
      for (auto& page : QPDFPageDocumentHelper(certified).getAllPages()) {
        QPDFPageDocumentHelper(original).addPage(page, false);
      }
    }
    AddSignature(*base, parts.signing_time);
    Prepared prepared = Found(Written(*base));
    SayByteRange(prepared);
    return prepared;
  } catch (const QPDFExc&) {
    throw Refused("PDF_BROKEN");
  }
}

Measured Measure(const std::string& document) {
  QPDF pdf;
  Open(pdf, document, "document");
  Measured measured;
  try {
    measured.is_signed = IsSigned(pdf);
    for (auto& page : QPDFPageDocumentHelper(pdf).getAllPages()) {
      if (measured.pages.size() == kPagesMax) break;
      measured.pages.push_back(SizeOf(page));
    }
  } catch (const QPDFExc&) {
    throw Refused("PDF_BROKEN");
  }
  return measured;
}

}  // namespace gatehouse::sealer
