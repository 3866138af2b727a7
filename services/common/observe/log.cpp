#include "services/common/observe/log.h"

#include <grpc/support/log.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"
#include "services/common/text/json_text.h"

namespace gatehouse {
namespace {

std::string service_name = "gatehouse";

constexpr size_t kBufferBytes = 32 << 10;

// Standard output, many lines at a time: spdlog's own sink flushes every line, a system call each.
// Only whole lines leave, so that nothing else that writes there can fall into the middle of one.
class BufferedOutput : public spdlog::sinks::base_sink<std::mutex> {
 public:
  ~BufferedOutput() override { flush_(); }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    buffer_.append(line.data(), line.size());
    if (buffer_.size() >= kBufferBytes) flush_();
  }
  void flush_() override {
    std::fwrite(buffer_.data(), 1, buffer_.size(), stdout);
    buffer_.clear();
  }

  std::string buffer_;
};

// The time to the second changes seldom, and is the dear part of it.
std::string Timestamp(absl::Time now) {
  thread_local int64_t second = -1;
  thread_local std::string text;
  const int64_t micros = absl::ToUnixMicros(now);
  if (second != micros / 1000000) {
    second = micros / 1000000;
    text = absl::FormatTime("%Y-%m-%dT%H:%M:%S", now, absl::UTCTimeZone());
  }
  return absl::StrCat(text, ".", absl::Dec(micros % 1000000, absl::kZeroPad6), "Z");
}

void Append(const char* name, absl::string_view value, std::string& line) {
  absl::StrAppend(&line, ",\"", name, "\":");
  AppendJsonString(value, line);
}

// Values are escaped, so that a hostile one cannot forge a second line. Put together by hand: a
// line for each RPC is a good part of what a small RPC costs.
void Write(spdlog::level::level_enum level, const char* event, const LogFields& fields) {
  if (!spdlog::should_log(level)) return;
  std::string line = absl::StrCat("{\"time\":\"", Timestamp(absl::Now()), "\"");
  Append("level", spdlog::level::to_string_view(level).data(), line);
  Append("service", service_name, line);
  Append("event", event, line);
  const Call& call = Call::Current();
  if (!call.request_id.empty()) Append("request_id", call.request_id, line);
  if (!call.trace.trace_id.empty()) Append("trace_id", call.trace.trace_id, line);
  for (const auto& [name, value] : fields) Append(name, value, line);
  line += '}';
  spdlog::default_logger_raw()->log(level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void LogInfo(const char* event, const LogFields& fields) {
  Write(spdlog::level::info, event, fields);
}
void LogWarning(const char* event, const LogFields& fields) {
  Write(spdlog::level::warn, event, fields);
}
void LogError(const char* event, const LogFields& fields) {
  Write(spdlog::level::err, event, fields);
}

void StartLog(const std::string& service) {
  service_name = service;
  std::setvbuf(stdout, nullptr, _IONBF, 0);
  auto logger = std::make_shared<spdlog::logger>(service, std::make_shared<BufferedOutput>());
  logger->set_pattern("%v");
  const char* level = std::getenv("GATEHOUSE_LOG_LEVEL");
  logger->set_level(spdlog::level::from_str(level != nullptr && *level != '\0' ? level : "info"));
  // A line may wait a second in the buffer unless something is wrong.
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
  spdlog::flush_every(std::chrono::seconds(1));
  // gRPC's own errors, such as a handshake that failed.
  gpr_set_log_function([](gpr_log_func_args* said) {
    LogWarning("grpc", {{"said", said->message}});
  });
}

}  // namespace gatehouse
