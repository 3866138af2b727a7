#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace gatehouse {

// Where a request is on its way, as W3C Trace Context writes it: by one trace id a request can be
// followed through every process, log line, statement and message.
struct Trace {
  std::string trace_id;  // 32 lower-case hexadecimal digits; empty: no trace.
  std::string span_id;   // 16, of the step that is under way.
  bool sampled = false;  // Its spans are recorded and its statements carry a comment.
  bool fresh = false;    // Nobody has a span of it yet: the next one is its first.

  // 00-<trace_id>-<span_id>-<flags>; empty where there is no trace.
  std::string Traceparent() const;
};

// Reads a `traceparent` of version 00, or of a later one that begins alike; nothing for anything
// else (W3C Trace Context, 3.2.2).
std::optional<Trace> ParseTraceparent(const std::string& text);

// A new trace for a request that brought none; it is sampled at the ratio that was set.
Trace NewTrace();

// One step of a request, from its construction to its end: a part of the current call's trace, and
// the parent of the steps within it. Costs nothing where the trace is not sampled.
class Span {
 public:
  enum class Kind { kInternal = 1, kServer = 2, kClient = 3 };  // Numbered as in OpenTelemetry.
  using Attributes = std::vector<std::pair<const char*, std::string>>;

  // A step within `parent`; `start` where it began earlier than now.
  Span(const Trace& parent, Kind kind, std::string name, absl::Time start = absl::InfinitePast());
  ~Span();
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

  // The trace with this step under way: what the next process is told.
  const Trace& trace() const { return trace_; }
  // No value may be a secret, an address or a phone number.
  void Add(const char* attribute, std::string value);
  // How the step ended; without it, well.
  void End(const absl::Status& status);

 private:
  Trace trace_;
  std::string parent_id_, name_;
  Kind kind_;
  absl::Time start_;
  Attributes attributes_;
  bool failed_ = false;
};

// A span that has ended.
struct SpanRecord {
  Trace trace;            // With this span's own id.
  std::string parent_id;  // Empty: it is the trace's first.
  std::string name;
  Span::Kind kind;
  absl::Time start, end;
  Span::Attributes attributes;
  bool failed;
};

// Where sampled spans go when they end; null: nothing is sampled or recorded. Of the traces that
// begin here `percent` are sampled. To be called while no span is under way.
using SpanSink = std::function<void(SpanRecord)>;
void RecordSpans(SpanSink sink, int percent);

}  // namespace gatehouse
