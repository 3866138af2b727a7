#include "services/common/rpc/tracing.h"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "services/common/base/trace.h"
#include "services/common/base/version.h"
#include "services/common/observe/metrics.h"
#include "services/common/rpc/client.h"

namespace gatehouse {
namespace {

namespace otel = opentelemetry::proto::trace::v1;
using opentelemetry::proto::collector::trace::v1::TraceService_Stub;
using Export = opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;

constexpr size_t kWaitingMax = 4096, kBatchMax = 512;
constexpr absl::Duration kEvery = absl::Seconds(1), kPatience = absl::Seconds(1);

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
    client_.Start(NameOf(&TraceService_Stub::Export), "", request.SerializeAsString(),
                  absl::Now() + kPatience, [&](absl::Status status) {
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

otel::Span ToProto(const SpanRecord& record) {
  otel::Span span;
  span.set_trace_id(absl::HexStringToBytes(record.trace.trace_id));
  span.set_span_id(absl::HexStringToBytes(record.trace.span_id));
  span.set_parent_span_id(absl::HexStringToBytes(record.parent_id));
  span.set_name(record.name);
  span.set_kind(static_cast<otel::Span::SpanKind>(record.kind));
  span.set_start_time_unix_nano(absl::ToUnixNanos(record.start));
  span.set_end_time_unix_nano(absl::ToUnixNanos(record.end));
  for (const auto& [key, value] : record.attributes) Add(key, value, *span.mutable_attributes());
  if (record.failed) span.mutable_status()->set_code(otel::Status::STATUS_CODE_ERROR);
  return span;
}

std::unique_ptr<Exporter> exporter;

}  // namespace

void StartTracing(const std::string& service, Environment& environment) {
  const auto endpoint = environment.OptionalText("GATEHOUSE_OTLP_ENDPOINT");
  const int64_t percent = environment.Number("GATEHOUSE_TRACE_PERCENT", 100, 0, 100);
  if (!endpoint.has_value()) return;
  absl::string_view address = *endpoint;
  if (!absl::ConsumePrefix(&address, "http://") || address.empty()) {
    environment.Mistake("GATEHOUSE_OTLP_ENDPOINT", "must be http://host:port");
    return;
  }
  exporter = std::make_unique<Exporter>(service, std::string(absl::StripSuffix(address, "/")));
  RecordSpans([](SpanRecord record) { exporter->Take(ToProto(record)); },
              static_cast<int>(percent));
}

void StopTracing() {
  RecordSpans(nullptr, 0);
  exporter.reset();
}

}  // namespace gatehouse
