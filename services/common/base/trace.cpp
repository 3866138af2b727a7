#include "services/common/base/trace.h"

#include "absl/random/random.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"

namespace gatehouse {
namespace {

bool IsHex(absl::string_view text, size_t size) {
  return text.size() == size &&
         text.find_first_not_of("0123456789abcdef") == absl::string_view::npos;
}

bool IsId(absl::string_view text, size_t size) {
  return IsHex(text, size) && text.find_first_not_of('0') != absl::string_view::npos;
}

SpanSink recorder;  // Null: nothing is recorded.
int sampled_percent = 0;

}  // namespace

std::string Trace::Traceparent() const {
  if (trace_id.empty()) return "";
  return absl::StrCat("00-", trace_id, "-", span_id, sampled ? "-01" : "-00");
}

std::optional<Trace> ParseTraceparent(const std::string& text) {
  const absl::string_view all = text;
  if (all.size() < 55 || all[2] != '-' || all[35] != '-' || all[52] != '-') return std::nullopt;
  const absl::string_view version = all.substr(0, 2), flags = all.substr(53, 2);
  const bool longer = all.size() > 55;
  if (!IsHex(version, 2) || version == "ff" || !IsHex(flags, 2)) return std::nullopt;
  if (longer && (version == "00" || all[55] != '-')) return std::nullopt;
  const Trace trace = {std::string(all.substr(3, 32)), std::string(all.substr(36, 16)),
                       (absl::HexStringToBytes(flags)[0] & 1) != 0};
  if (!IsId(trace.trace_id, 32) || !IsId(trace.span_id, 16)) return std::nullopt;
  return trace;
}

Trace NewTrace() {
  Trace trace;
  trace.trace_id = Hex(RandomBytes(16));
  trace.span_id = Hex(RandomBytes(8));
  trace.fresh = true;
  trace.sampled = recorder != nullptr && absl::Uniform(absl::BitGen(), 0, 100) < sampled_percent;
  return trace;
}

Span::Span(const Trace& parent, Kind kind, std::string name, absl::Time start)
    : trace_(parent), kind_(kind) {
  trace_.fresh = false;
  if (!trace_.sampled) return;
  if (!parent.fresh) parent_id_ = parent.span_id;
  trace_.span_id = Hex(RandomBytes(8));
  name_ = std::move(name);
  start_ = start == absl::InfinitePast() ? absl::Now() : start;
}

Span::~Span() {
  if (!trace_.sampled || recorder == nullptr) return;
  recorder({trace_, std::move(parent_id_), std::move(name_), kind_, start_, absl::Now(),
            std::move(attributes_), failed_});
}

void Span::Add(const char* attribute, std::string value) {
  if (trace_.sampled) attributes_.emplace_back(attribute, std::move(value));
}

void Span::End(const absl::Status& status) {
  failed_ = !status.ok();
  if (failed_) Add("gatehouse.code", absl::StatusCodeToString(status.code()));
}

void RecordSpans(SpanSink sink, int percent) {
  recorder = std::move(sink);
  sampled_percent = percent;
}

}  // namespace gatehouse
