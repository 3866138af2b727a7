#include "services/common/trace.h"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/random/random.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "services/common/client.h"
#include "services/common/crypto.h"
#include "services/common/metrics.h"
#include "services/common/random.h"
#include "services/common/tracing.h"
#include "services/common/version.h"

namespace gatehouse {
namespace {

namespace otel = opentelemetry::proto::trace::v1;
using Export = opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;

constexpr char kExport[] = "opentelemetry.proto.collector.trace.v1.TraceService/Export";
constexpr size_t kWaitingMax = 4096, kBatchMax = 512;
constexpr absl::Duration kEvery = absl::Seconds(1), kPatience = absl::Seconds(1);

bool IsHex(absl::string_view text, size_t size) {
  return text.size() == size &&
         text.find_first_not_of("0123456789abcdef") == absl::string_view::npos;
}

bool IsId(absl::string_view text, size_t size) {
  return IsHex(text, size) && text.find_first_not_of('0') != absl::string_view::npos;
}

void Add(const char* key, const std::string& value,
         google::protobuf::RepeatedPtrField<otel::KeyValue>& attributes) {
  auto* added = attributes.Add();
  added->set_key(key);
  added->mutable_value()->set_string_value(value);
}

// Takes spans from every thread, and sends them from one.
class Exporter {
 public:
  Exporter(std::string service, const std::string& address)
      : service_(std::move(service)), client_(address, nullptr), thread_([this] { Run(); }) {}

  ~Exporter() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    arrived_.notify_all();
    thread_.join();
  }

  void Take(otel::Span span) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() < kWaitingMax) {
        waiting_.push_back(std::move(span));
        return;
      }
    }
    Count("gatehouse_spans_total", {{"outcome", "dropped"}});
  }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    while (!stopping_ || !waiting_.empty()) {
      if (!stopping_) arrived_.wait_for(lock, absl::ToChronoMilliseconds(kEvery));
      Export request;
      auto* resource = request.add_resource_spans();
      Add("service.name", "gatehouse-" + service_,
          *resource->mutable_resource()->mutable_attributes());
      Add("service.version", kVersion, *resource->mutable_resource()->mutable_attributes());
      auto* spans = resource->add_scope_spans()->mutable_spans();
      while (!waiting_.empty() && spans->size() < static_cast<int>(kBatchMax)) {
        *spans->Add() = std::move(waiting_.front());
        waiting_.pop_front();
      }
      if (spans->empty()) continue;
      lock.unlock();
      Send(request, spans->size());
      lock.lock();
    }
  }

  void Send(const Export& request, int count) {
    absl::Notification done;
    absl::Status sent;
    client_.Start(kExport, "", request.SerializeAsString(), absl::Now() + kPatience,
                  [&](absl::Status status) {
                    sent = std::move(status);
                    done.Notify();
                  });
    done.WaitForNotification();
    Count("gatehouse_spans_total", {{"outcome", sent.ok() ? "exported" : "failed"}}, count);
  }

  const std::string service_;
  Client client_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<otel::Span> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

std::unique_ptr<Exporter> exporter;  // Null: nothing is recorded.
int64_t sampled_percent = 0;

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
  trace.sampled = exporter != nullptr && absl::Uniform(absl::BitGen(), 0, 100) < sampled_percent;
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
  if (!trace_.sampled || exporter == nullptr) return;
  otel::Span span;
  span.set_trace_id(absl::HexStringToBytes(trace_.trace_id));
  span.set_span_id(absl::HexStringToBytes(trace_.span_id));
  span.set_parent_span_id(absl::HexStringToBytes(parent_id_));
  span.set_name(name_);
  span.set_kind(static_cast<otel::Span::SpanKind>(kind_));
  span.set_start_time_unix_nano(absl::ToUnixNanos(start_));
  span.set_end_time_unix_nano(absl::ToUnixNanos(absl::Now()));
  for (const auto& [key, value] : attributes_) {
    gatehouse::Add(key, value, *span.mutable_attributes());
  }
  if (failed_) span.mutable_status()->set_code(otel::Status::STATUS_CODE_ERROR);
  exporter->Take(std::move(span));
}

void Span::Add(const char* attribute, std::string value) {
  if (trace_.sampled) attributes_.emplace_back(attribute, std::move(value));
}

void Span::End(const absl::Status& status) {
  failed_ = !status.ok();
  if (failed_) Add("gatehouse.code", absl::StatusCodeToString(status.code()));
}

void StartTracing(const std::string& service, Environment& environment) {
  const auto endpoint = environment.OptionalText("GATEHOUSE_OTLP_ENDPOINT");
  sampled_percent = environment.Number("GATEHOUSE_TRACE_PERCENT", 100, 0, 100);
  if (!endpoint.has_value()) return;
  absl::string_view address = *endpoint;
  if (!absl::ConsumePrefix(&address, "http://") || address.empty()) {
    environment.Mistake("GATEHOUSE_OTLP_ENDPOINT", "must be http://host:port");
    return;
  }
  exporter = std::make_unique<Exporter>(service, std::string(absl::StripSuffix(address, "/")));
}

void StopTracing() { exporter.reset(); }

}  // namespace gatehouse
