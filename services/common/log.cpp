#include "services/common/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "services/common/caller.h"
#include "services/common/json_text.h"

namespace gatehouse {
namespace {

std::string service_name = "gatehouse";

void Append(const char* name, absl::string_view value, std::string& line) {
  absl::StrAppend(&line, ",\"", name, "\":");
  AppendJsonString(value, line);
}

// Values are escaped, so that a hostile one cannot forge a second line. Put together by hand: a
// line for each RPC is a good part of what a small RPC costs.
void Write(spdlog::level::level_enum level, const char* event, const LogFields& fields) {
  if (!spdlog::should_log(level)) return;
  std::string line = absl::StrCat(
      "{\"time\":\"", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone()),
      "\"");
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
  auto logger =
      std::make_shared<spdlog::logger>(service, std::make_shared<spdlog::sinks::stdout_sink_mt>());
  logger->set_pattern("%v");
  const char* level = std::getenv("GATEHOUSE_LOG_LEVEL");
  logger->set_level(spdlog::level::from_str(level != nullptr && *level != '\0' ? level : "info"));
  // A line may wait a second in the buffer unless something is wrong.
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
  spdlog::flush_every(std::chrono::seconds(1));
}

}  // namespace gatehouse
